// A conversation is named where it stands: Enter saves, Escape does not.
import {find, isComposing, on} from './page.js'

export function rename(row) {
  const link = find('.row__link', row), title = link.textContent
  const form = find('#rename-form').content.cloneNode(true).firstElementChild
  const input = find('input', form)
  let isOpen = true
  const close = () => {
    isOpen = false
    link.hidden = false
    form.remove()
  }
  form.setAttribute('hx-post', row.dataset.rename)
  input.value = title
  input.ariaLabel = `New name for ${title}`
  link.hidden = true
  link.after(form)
  htmx.process(form)
  input.focus()
  input.select()
  on('keydown', event => {
    if (isComposing(event)) return
    if (event.key === 'Escape') {
      event.preventDefault()
      close()
      find('.row__actions', row).focus()
    } else if (event.key === 'Enter' && !input.value.trim()) event.preventDefault()
  }, form)
  on('focusout', () => {
    // Taking the field away makes it lose the focus, too.
    if (!isOpen || form.matches('.htmx-request')) return
    if (input.value.trim() && input.value !== title) form.requestSubmit()
    else close()
  }, input)
  // Not after the request: by then the swap has taken this form away.
  on('htmx:beforeOnLoad', ({detail: {xhr}}) => {
    if (xhr.status !== 200 || !link.ariaCurrent) return
    find('[data-title]').textContent = input.value
    document.title = `${input.value} · Chatsite`
  }, form)
}
