// One button, Send or Stop, by what the log shows; and what the Enter key means.
import {alarm, exchanges, find, isComposing, on, running, say} from './page.js'
import {draft} from './draft.js'
import {sends} from './enter.js'

const form = find('#composer'), button = find('#send'), estimate = find('#estimate')
const DOUBLE_CLICK = 500
let turnedAt = 0, wantsStop = false

// By the newest estimate nothing that could be sent fits into the budget.
const blocked = () => find('[data-blocked]', estimate)

function refresh() {
  const name = running() ? 'Stop' : 'Send'
  if (button.ariaLabel !== name) turnedAt = performance.now()
  button.ariaLabel = name
  button.setAttribute('aria-disabled', name === 'Send' && (!draft.value.trim() || Boolean(blocked())))
  if (blocked() && name === 'Send') button.setAttribute('aria-describedby', 'estimate-problem')
  else button.removeAttribute('aria-describedby')
}

function stop() {
  const turn = find('[data-stop]', exchanges)
  // Not stored yet: it is stopped as soon as it has an address.
  wantsStop = !turn
  // The first message leads to another page, which then stops it.
  if (wantsStop) sessionStorage.setItem('stop', '')
  const shown = turn ?? running()
  if (!shown) return
  shown.dataset.stopping = ''
  find('.turn__wait', shown).textContent = 'Stopping…'
  if (turn) htmx.ajax('POST', turn.dataset.stop, {source: turn, swap: 'none'}).catch(() => {})
}

on('click', event => {
  if (!running()) return
  event.preventDefault()
  // The second half of a double click on Send is not meant for Stop.
  if (event.detail > 1 && performance.now() - turnedAt < DOUBLE_CLICK) return
  stop()
}, button)

// The way out of the line is the same as out of an answer.
on('click', ({target}) => { if (target.closest('[data-leave]')) stop() }, exchanges)

on('keydown', event => {
  if (!sends(event)) return
  event.preventDefault()
  form.requestSubmit()
}, draft)

// Escape belongs to an input method, a menu or a dialog first.
on('keydown', event => {
  if (event.key !== 'Escape' || event.shiftKey || event.defaultPrevented || isComposing(event)) return
  if (!event.target.closest('#composer, #log') || find(':popover-open, dialog[open]')) return
  if (running()) stop()
})

on('htmx:configRequest', event => {
  const waits = find('[data-wait]', exchanges)
  if (running()) say(waits ? 'Your last message still waits for its answer.' : 'The answer is still being written.')
  if (running() || !draft.value.trim() || refuses()) event.preventDefault()
}, form)

// There may be money again since: the estimate says so, and then Send works.
function refuses() {
  const problem = blocked()
  if (!problem) return false
  alarm(problem.textContent)
  htmx.trigger(estimate, 'refresh')
  return true
}

on('htmx:afterSwap', refresh, estimate)

on('chat:placed', () => { if (wantsStop) stop() })
on('chat:placed chat:refused', () => sessionStorage.removeItem('stop'))
on('chat:sent chat:placed chat:refused chat:ended chat:swapped', refresh)
on('input', refresh, draft)
refresh()

if (sessionStorage.getItem('stop') !== null && find('#socket')) {
  sessionStorage.removeItem('stop')
  if (running()) stop()
}
