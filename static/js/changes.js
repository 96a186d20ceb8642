// Only what was changed is sent: another tab may have changed the rest. As long as something is
// refused, all of it goes along with the next change.
import {all, find, on} from './page.js'

const settings = find('#settings')
const fields = () => all('input, select, textarea', settings).filter(field => field.name)
const valueOf = field => field.type === 'checkbox' ? field.checked ? 'on' : '' : field.value

const stored = new Map(fields().map(field => [field.id, valueOf(field)]))
let sent = new Map()

on('htmx:configRequest', ({detail: {parameters}, target}) => {
  if (target !== settings) return
  sent = new Map()
  for (const field of fields()) {
    delete parameters[field.name]
    if (valueOf(field) === stored.get(field.id)) continue
    parameters[field.name] = valueOf(field)
    sent.set(field.id, valueOf(field))
  }
}, settings)

on('htmx:afterRequest', ({detail: {successful}, target}) => {
  if (target === settings && successful) for (const [id, value] of sent) stored.set(id, value)
}, settings)
