// Forms that open where something stands: in a turn, or in an empty chat. Nothing typed is lost by
// a look elsewhere, and Escape asks where something was changed.
import {all, find, isComposing, log, on, tell} from './page.js'
import {sends} from './enter.js'
import {unpin} from './follow.js'

const fields = form => all('textarea, input', form)
const isChanged = form => fields(form).some(field => field.value !== field.defaultValue)
const firstField = form => find('textarea, input', form)

export const opened = holder => find('[data-inline]', holder)

export function open(name, holder, address, text = '') {
  unpin()
  const other = opened(holder)
  if (other?.dataset.inline === name && other.getAttribute('hx-post') === address) {
    firstField(other).focus()
    return other
  }
  other?.remove()
  const form = find(`#${name}-form`).content.cloneNode(true).firstElementChild
  form.setAttribute('hx-post', address)
  firstField(form).defaultValue = text
  attach(form, holder)
  return form
}

export function focus(form) {
  const field = firstField(form)
  field.focus({preventScroll: true})
  field.setSelectionRange(field.value.length, field.value.length)
  form.scrollIntoView({block: 'nearest'})
}

export function attach(form, holder) {
  holder.append(form)
  holder.dataset.inlineOpen = form.dataset.inline
  htmx.process(form)
}

export function close(form) {
  const holder = form.parentElement
  tell('inline:closed', form)
  form.remove()
  delete holder.dataset.inlineOpen
  const opener = find(form.dataset.inline === 'edit' ? '[data-edit]' : '[data-more], [data-write]', holder)
  if (document.activeElement === document.body) opener?.focus({preventScroll: true})
}

function ask(form, isAsking) {
  find('[data-discard]', form).hidden = !isAsking
  if (isAsking) find('[data-discard-no]', form).focus()
  else firstField(form).focus()
}

on('click', ({target}) => {
  const form = target.closest('[data-inline]')
  if (target.closest('[data-cancel]')) isChanged(form) ? ask(form, true) : close(form)
  else if (target.closest('[data-discard-yes]')) close(form)
  else if (target.closest('[data-discard-no]')) ask(form, false)
})

on('keydown', event => {
  const form = event.target.closest?.('[data-inline]')
  if (!form || isComposing(event)) return
  if (event.target.matches('textarea') && sends(event)) {
    event.preventDefault()
    form.requestSubmit()
  } else if (event.key === 'Escape' && !event.shiftKey) {
    event.preventDefault()
    const isAsking = !find('[data-discard]', form).hidden
    if (isAsking || isChanged(form)) ask(form, !isAsking)
    else close(form)
  }
}, log)

// Other words are another message.
on('input', ({target}) => {
  const form = target.closest('[data-inline]')
  if (form) form.dataset.clientId = ''
})
