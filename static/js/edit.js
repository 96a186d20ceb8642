// Another version of a message, written where it stands. What was typed is kept in this browser
// until it is sent or discarded.
import {all, exchanges, find, isComposing, on, turnOf} from './page.js'
import {draft} from './draft.js'
import {focus, open, opened} from './inline.js'

const keyOf = turn => draft.dataset.draft.replace(/[^:]*$/, `edit:${turn.dataset.messageId}`)

const textOf = turn =>
  find('[data-source]', turn)?.content.textContent ?? find('.body', turn).textContent

function stored(turn, text) {
  try {
    if (text === undefined) return localStorage.getItem(keyOf(turn))
    if (text === null) localStorage.removeItem(keyOf(turn))
    else localStorage.setItem(keyOf(turn), text)
  } catch { /* no storage allowed: the words are still on the page */ }
}

function edit(turn) {
  const form = open('edit', turn, `${turn.dataset.address}edit/`, textOf(turn))
  const count = Number(turn.dataset.versions), isMine = turn.dataset.role === 'user'
  find('[data-kept] span', form).textContent =
    find('[data-version]', turn)?.lastChild.textContent.split('/')[0] ?? 1
  find('[data-next]', form).textContent = count + 1
  find('[data-save]', form).hidden = !isMine
  if (!isMine) find('[data-send] span', form).firstChild.textContent = 'Save as version '
  return form
}

on('click', ({target}) => {
  const button = target.closest('[data-edit]')
  if (button) focus(edit(button.closest('.turn')))
}, exchanges)

on('keydown', event => {
  if (event.key !== 'ArrowUp' || draft.value || isComposing(event)) return
  if (event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return
  const turn = all('.turn[data-role=user]:has([data-edit])', exchanges).at(-1)
  if (!turn) return
  event.preventDefault()
  focus(edit(turn))
}, draft)

on('input', ({target}) => {
  const form = target.closest('[data-inline=edit]')
  if (form) stored(form.closest('.turn'), target.value)
}, exchanges)

on('inline:closed', ({target}) => {
  if (target.matches('[data-inline=edit]')) stored(target.closest('.turn'), null)
})

on('htmx:beforeSwap', ({detail: {requestConfig: {elt}, xhr}}) => {
  if (elt.matches('[data-inline=edit]') && xhr.status < 400) stored(elt.closest('.turn'), null)
})

function reopen() {
  for (const turn of all('.turn:has([data-edit])', exchanges)) {
    const text = stored(turn)
    if (text === null || opened(turn)) continue
    find('textarea', edit(turn)).value = text
  }
}
on('chat:swapped', reopen)
reopen()
