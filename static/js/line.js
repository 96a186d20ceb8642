// Why an answer is not written yet, in its turn: put there by the server, with a way out.
import {RUNNING, all, exchanges, find, keepFocus, on, tell} from './page.js'
import {countDown, finish, secondsLeft} from './countdown.js'
import {parse} from './graft.js'
import {report} from './socket.js'

const ASK_EVERY = 5000, LATE = 3
let left

const reason = turn => find('[data-reason]', turn)
const buttons = root => all('button', root).map(button => button.id + button.textContent).join()

export function showWait(turn, html) {
  const place = reason(turn), fresh = parse(html), words = find('.wait__words', place)
  const begins = find('[data-wait]', fresh)?.dataset.wait
  // The buttons stay where the words alone are new: somebody may be about to press one.
  if (begins && buttons(place) === buttons(fresh)) {
    find('[data-wait]', place).dataset.wait = begins
    words.replaceWith(find('.wait__words', fresh))
  } else keepFocus(place, () => place.replaceChildren(fresh))
  if (begins) turn.dataset.status = 'queued'
  htmx.process(place)
  countDown()
  tell('chat:waits', turn)
}

export function endWait(turn) {
  if (find('[data-wait]', turn)) showWait(turn, '')
}

on('click', ({target}) => {
  const pressed = target.closest('[data-try]')
  const moment = pressed && find('[data-countdown]', pressed.closest('[data-wait]'))
  if (moment) finish(moment)
}, exchanges)

// A moment has passed and the server says nothing: its word may have been lost.
setInterval(() => {
  const moment = find(`${RUNNING} [data-countdown]`, exchanges)
  if (moment && secondsLeft(moment) < -LATE) report('show')
}, ASK_EVERY)

// Whoever left the line finds Retry where Cancel was.
on('click', ({target}) => { left = target.closest('[data-leave]')?.closest('.turn') ?? left }, exchanges)
on('chat:ended', ({target: turn}) => {
  if (turn !== left) return
  left = undefined
  if (document.activeElement === document.body || turn.contains(document.activeElement)) {
    find('[data-notice] button', turn)?.focus({preventScroll: true})
  }
})
