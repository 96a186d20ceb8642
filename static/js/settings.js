// The settings drawer: opens, saves as it changes, says so.
import {alarm, all, find, isComposing, on, say} from './page.js'
import {describe} from './models.js'

const settings = find('#settings'), saved = find('[data-saved]')

on('click', ({target}) => {
  const opener = target.closest('[data-open]')
  if (opener) document.getElementById(opener.dataset.open).showModal()
  // Outside of the drawer is its backdrop, which is the dialog itself.
  if (target.closest('[data-close]') || target.matches('dialog')) target.closest('dialog').close()
})

// On a new chat these fields belong to the composer, whose Enter would send.
on('keydown', event => {
  if (event.key !== 'Enter' || isComposing(event) || !event.target.matches('input')) return
  event.preventDefault()
  event.target.dispatchEvent(new Event('change', {bubbles: true}))
}, settings)

on('change', () => {
  saved.textContent = ''
  describe()
  if (!settings.matches('form')) htmx.trigger('#estimate', 'refresh')
}, settings)

on('htmx:afterRequest', ({detail: {xhr, successful}}) => {
  if (!successful && xhr.status !== 422) return
  for (const error of all('.field__error', settings)) {
    const field = find(`[aria-describedby~="${error.id}"]`, settings)
    field.setAttribute('aria-invalid', Boolean(error.textContent))
    if (error.textContent) field.closest('details')?.setAttribute('open', '')
  }
  saved.textContent = successful ? 'Saved.' : 'Saved, but for what is marked.'
  saved.toggleAttribute('data-bad', !successful)
  if (!successful) return alarm(find('.field__error:not(:empty)', settings)?.textContent ?? '')
  alarm('')
  say('Saved')
  htmx.trigger('#estimate', 'refresh')
}, settings)
