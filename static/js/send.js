// A message is in the log at once; what the server says of it takes its place, or it goes back
// into the composer. A repetition carries the same client id, so it is never stored twice.
import {exchanges, find, on, tell} from './page.js'
import {draft, fit, keep, moveTo, recall, write} from './draft.js'
import {typesAtOnce} from './enter.js'
import {clear} from './notice.js'
import {pending, place} from './place.js'

const form = find('#composer')
// The words last sent, whose client id the form holds, and whether they are on their way.
let words = '', isSending = false

const idOf = text => text === words ? form.dataset.clientId : ''

on('input', () => {
  if (isSending) keep({text: draft.value, sent: words, id: form.dataset.clientId})
  else keep({text: draft.value, id: idOf(draft.value)})
}, draft)

on('htmx:configRequest', event => {
  if (event.defaultPrevented) return
  form.dataset.clientId = idOf(draft.value)
  words = draft.value
}, form)

on('htmx:beforeSend', () => {
  const section = find('#pending-exchange').content.cloneNode(true).firstElementChild
  find('.body', section).textContent = words
  exchanges.append(section)
  isSending = true
  draft.value = ''
  fit()
  keep({sent: words, id: form.dataset.clientId})
  clear()
  tell('chat:sent', section)
}, form)

// The server has the message: it said so, or the socket brought it.
function arrived() {
  isSending = false
  form.dataset.clientId = words = ''
  keep({text: draft.value})
}
on('chat:arrived', arrived)

// It had arrived when its answer was lost and it was called "not sent".
on('chat:placed chat:swapped', () => {
  if (isSending || !words || draft.value !== words) return
  if (find('.exchange:last-child [data-message-id] .body', exchanges)?.textContent !== words) return
  arrived()
  write('')
  clear()
})

on('htmx:afterRequest', ({detail: {xhr, successful}}) => {
  const address = xhr.getResponseHeader('HX-Redirect')
  if (address) {
    sessionStorage.setItem('arrival', 'sent')
    arrived()
    moveTo(address.split('/').at(-2))
  } else if (successful) {
    arrived()
    place(xhr.responseText, true)
  } else if (isSending) {
    isSending = false
    pending()?.remove()
    write([words, draft.value].filter(Boolean).join('\n\n'))
    tell('chat:refused')
  }
}, form)

// --- the page begins ---

const {text, sent, id} = recall()
if (text || sent) {
  words = [sent, text].filter(Boolean).join('\n\n')
  form.dataset.clientId = sent && text ? '' : id ?? ''
  write(words)
}
const arrival = sessionStorage.getItem('arrival')
sessionStorage.removeItem('arrival')
if (arrival === 'sent') find('.exchange:last-child', exchanges)?.classList.add('exchange--fresh')
if (typesAtOnce() && document.activeElement === document.body) {
  draft.focus({preventScroll: true})
}
