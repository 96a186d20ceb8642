// The admin's list of running answers reads itself again, unless somebody is busy in it.
const SECONDS = 4

const isBusy = () =>
  document.hidden
  || document.querySelector('#changelist .action-select:checked')
  || document.querySelector('#changelist')?.contains(document.activeElement)

setInterval(() => isBusy() || location.reload(), SECONDS * 1000)
