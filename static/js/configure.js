// What every request carries, read when it leaves: after signing in again in another tab this
// page works on.
import {lastTurn, on} from './page.js'

const cookie = name => document.cookie.match(`(?:^|; )${name}=([^;]*)`)?.[1] ?? ''

// crypto.randomUUID does not exist on plain http.
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.*)/, '$1-$2-$3-$4-$5')
}

on('htmx:configRequest', ({detail: {elt, headers, parameters}}) => {
  headers['X-CSRFToken'] = cookie('csrftoken')
  if (!('clientId' in elt.dataset)) return
  parameters.client_id = elt.dataset.clientId ||= uuid()
  parameters.parent = lastTurn()?.dataset.messageId ?? ''
})

// A page from the browser's own memory shows what was; the server knows what is.
on('pageshow', event => event.persisted && location.reload(), window)
