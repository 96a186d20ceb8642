// The whole log is swapped: by whatever changes the thread here, or because it moved elsewhere.
// The reader stays where they were, and so does the focus.
import {RUNNING, all, exchanges, find, log, on, running, say, tell, turnOf} from './page.js'
import {draft} from './draft.js'
import {typesAtOnce} from './enter.js'
import {parse} from './graft.js'
import {isTurnAhead} from './position.js'
import {isFollowing, pin, unpin} from './follow.js'
import {isNews} from './uptodate.js'

let held = []

// What this page asked for itself comes first; most often nothing is left to load then.
export function reload(changes) {
  if (find('.htmx-request', exchanges)) setTimeout(() => reload(changes), 200)
  else if (isNews(changes)) htmx.trigger('#reload', 'reload')
}

// Text that only grows comes over the socket, unless it is too much for one packet.
const isBehind = fresh => all(`[data-message-id]${RUNNING}`, fresh)
  .some(turn => isTurnAhead(turnOf(turn.dataset.messageId), turn))
const shape = root => all('[data-message-id]', root)
  .map(turn => turn.id + turn.dataset.status + turn.dataset.standing
    + (turn.matches(RUNNING) ? '' : turn.dataset.position)
    + (find('[data-version]', turn)?.textContent ?? '')
    + (find('.turn__remark', turn)?.textContent ?? '')
    + (find('.wait__words', turn)?.firstChild.textContent ?? ''))
  .join()
const topOf = turn => turn.getBoundingClientRect().top
const firstInView = () =>
  all('[data-message-id]', exchanges).find(turn => turn.getBoundingClientRect().bottom > topOf(log))

on('htmx:beforeSwap', event => {
  const {requestConfig: {elt}, xhr} = event.detail
  if (event.target !== exchanges || xhr.status >= 400) return
  const fresh = elt.id === 'reload' && parse(xhr.responseText)
  if (fresh && shape(fresh) === shape(exchanges) && !isBehind(fresh)) {
    event.detail.shouldSwap = false
    return
  }
  const {shows} = elt.dataset
  const turns = all('[data-message-id]', exchanges), turn = elt.closest('.turn') ?? firstInView()
  // Where this turn gives way to another version, the one above it stays.
  held = [turn, turns[turns.indexOf(turn) - 1]].filter(Boolean)
    .map(each => ({id: each.dataset.messageId, top: topOf(each)}))
  if (shows) held.unshift({id: shows, top: topOf(turn)})
  if (shows) unpin()
})

// The server says which turn has changed, or that an answer is on its way.
function placeFocus(elt, xhr, changed) {
  const {step} = elt.dataset
  if (step && changed) find(`[data-step=${step}]`, changed)?.focus({preventScroll: true})
  if (document.activeElement !== document.body) return
  const isAsked = xhr.status === 202 && elt.matches('form') && typesAtOnce()
  const place = isAsked ? draft : changed && find('button:not([hidden])', changed)
  ;(place ?? log).focus({preventScroll: !changed})
}

on('htmx:afterSwap', event => {
  if (event.target !== exchanges) return
  const {requestConfig: {elt}, xhr} = event.detail
  const hold = held.find(({id}) => turnOf(id))
  if (xhr.status === 202) {
    if (!elt.matches('[data-continue]')) exchanges.lastElementChild?.classList.add('exchange--fresh')
    pin()
  } else if (hold && !isFollowing()) log.scrollTop += topOf(turnOf(hold.id)) - hold.top
  const changed = turnOf(elt.dataset.shows ?? xhr.getResponseHeader('Chat-Turn'))
  placeFocus(elt, xhr, changed)
  const version = changed && find('[data-version]', changed)
  if (elt.dataset.words) say(elt.dataset.words)
  else if (version) say(version.textContent.replace('/', ' of '))
  tell('chat:swapped')
  if (running()) tell('chat:placed')
})
