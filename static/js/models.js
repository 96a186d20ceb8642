// What is known of the model that was chosen: its name and price wherever they are shown, and the
// settings that it ignores.
import {all, find, on} from './page.js'

const models = find('#models'), chosen = find('#id_model')

export function describe() {
  const option = all('option', models).find(option => option.value === chosen.value)
  for (const place of all('[data-model-name]')) place.textContent = chosen.value
  for (const place of all('[data-model-label], #id_model_helptext')) place.textContent = option?.label ?? ''
  for (const line of all('[data-model]', find('#pending-exchange').content)) line.dataset.model = chosen.value
  const ignored = option && (option.dataset.ignores ?? '').split(' ')
  // Of a model that is not in the list only the server knows; its answer brings the words.
  if (ignored) for (const words of all('[data-ignored]')) words.hidden = !ignored.includes(words.dataset.ignored)
  close()
}

function close() {
  for (const words of all('[data-ignored]')) {
    const field = find(`[aria-describedby~="${words.id}"]`)
    field.readOnly = !words.hidden
    field.ariaDisabled = words.hidden ? null : 'true'
  }
}

// The provider's own list is asked for once somebody is about to choose.
const want = () => htmx.trigger(models, 'wanted')
on('click', ({target}) => target.closest('[data-open="settings-drawer"]') && want())
on('focusin', ({target}) => target.matches('[list="models"]') && want())
on('htmx:afterSwap', describe, models)
on('htmx:oobAfterSwap', ({target}) => target.matches('[data-ignored]') && close())
