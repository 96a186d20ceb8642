// The whole log is swapped: by a step to another version, by Retry, or because the thread moved
// elsewhere. The reader stays where they were, and so does the focus.
import {all, exchanges, find, log, on, running, say, tell, turnOf} from './page.js'
import {parse} from './graft.js'
import {isFollowing, pin, unpin} from './follow.js'

let hold

// What this page asked for itself comes first; most often nothing is left to load then.
export function reload() {
  if (find('.htmx-request', exchanges)) setTimeout(reload, 200)
  else htmx.trigger('#reload', 'reload')
}

const shape = root => all('[data-message-id]', root)
  .map(turn => turn.id + turn.dataset.status + (find('[data-version]', turn)?.textContent ?? ''))
  .join()
const topOf = turn => turn.getBoundingClientRect().top
const firstInView = () =>
  all('[data-message-id]', exchanges).find(turn => turn.getBoundingClientRect().bottom > topOf(log))

on('htmx:beforeSwap', event => {
  const {requestConfig: {elt}, xhr} = event.detail
  if (event.target !== exchanges || xhr.status >= 400) return
  if (elt.id === 'reload' && shape(parse(xhr.responseText)) === shape(exchanges)) {
    event.detail.shouldSwap = false
    return
  }
  const {shows, step} = elt.dataset
  const turn = shows ? elt.closest('.turn') : firstInView()
  hold = turn && {id: shows ?? turn.dataset.messageId, top: topOf(turn), step}
  if (shows) unpin()
})

on('htmx:afterSwap', event => {
  if (event.target !== exchanges) return
  const {elt} = event.detail.requestConfig
  const turn = hold && turnOf(hold.id)
  if (elt.matches('[data-retry]')) {
    exchanges.lastElementChild?.classList.add('exchange--fresh')
    pin()
  } else if (turn && !isFollowing()) log.scrollTop += topOf(turn) - hold.top
  if (hold?.step && turn) {
    find(`[data-step=${hold.step}]`, turn)?.focus({preventScroll: true})
    say(find('[data-version]', turn).textContent.replace('/', ' of '))
  } else if (document.activeElement === document.body) log.focus({preventScroll: true})
  tell('chat:swapped')
  if (running()) tell('chat:placed')
})
