// A model that has not begun yet: from 8 seconds on the turn says for how long. One that has not
// been asked says why instead.
import {RUNNING, all, exchanges, find, on} from './page.js'

const LONG = 8
const since = new WeakMap()

function show(turn) {
  if ('stopping' in turn.dataset) return
  const line = find('.turn__wait', turn), reason = find('[data-wait]', turn)
  // The server says how long it was then; clocks are not compared.
  if (!since.has(turn)) since.set(turn, Date.now() / 1000 - Number(turn.dataset.waited ?? 0))
  const seconds = Math.floor(Date.now() / 1000 - since.get(turn))
  const hasBegun = Number(turn.dataset.position) || find('.reasoning:not([hidden])', turn)
  const isLong = !reason && !hasBegun && seconds >= LONG
  line.textContent = isLong ? `Waiting for ${line.dataset.model}, ${seconds} s` : ''
}

// Its turn has come, or it waits once more: what was before does not count.
on('chat:waits', ({target: turn}) => {
  since.set(turn, Date.now() / 1000)
  show(turn)
}, exchanges)

setInterval(() => all(RUNNING, exchanges).forEach(show), 1000)
