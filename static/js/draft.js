// What is being typed is kept in this browser until the server has it, and not after sign-out.
// Each tab keeps its own: what one has sent must not take along what another still holds.
import {all, find, on} from './page.js'

export const draft = find('#draft')
const tab = sessionStorage.tab ??= crypto.getRandomValues(new Uint32Array(2)).join('-')
let place = draft.dataset.draft
const own = () => `${place}:${tab}`

// `sent` is on its way under the client id `id`; `text` is what came to be typed since.
export function keep(record) {
  try {
    if (record.text || record.sent) localStorage.setItem(own(), JSON.stringify({...record, at: Date.now()}))
    else localStorage.removeItem(own())
  } catch { /* no room, or no storage allowed: the words are still on the page */ }
}

// A tab without a draft takes over the newest that another one has left.
export function recall() {
  try {
    const read = name => JSON.parse(localStorage.getItem(name)) ?? {}
    const age = name => name === own() ? 0 : Date.now() - (read(name).at ?? 0)
    const [name] = Object.keys(localStorage)
      .filter(each => each.startsWith(place)).sort((one, other) => age(one) - age(other))
    const record = name ? read(name) : {}
    keep(record)
    if (name && name !== own()) localStorage.removeItem(name)
    return record
  } catch {
    return {}
  }
}

// The first message made its conversation: what was typed since belongs there.
export function moveTo(conversation) {
  keep({})
  place = place.replace(/[^:]*$/, conversation)
  keep({text: draft.value})
}

export function fit() {
  if (CSS.supports('field-sizing', 'content')) return
  draft.style.height = 'auto'
  draft.style.height = `${draft.scrollHeight}px`
}

export function write(text) {
  draft.value = text
  draft.dispatchEvent(new Event('input', {bubbles: true}))
}

on('input', fit, draft)

for (const form of all('[data-sign-out]')) {
  on('submit', () => {
    for (const name of Object.keys(localStorage)) {
      if (name.startsWith('draft:')) localStorage.removeItem(name)
    }
  }, form)
}
