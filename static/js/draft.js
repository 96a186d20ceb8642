// What is being typed is kept in this browser until the server has it, and not after sign-out.
import {all, find, on} from './page.js'

export const draft = find('#draft')
let key = draft.dataset.draft

// `sent` is on its way under the client id `id`; `text` is what came to be typed since.
export function keep(record) {
  try {
    if (record.text || record.sent) localStorage.setItem(key, JSON.stringify(record))
    else localStorage.removeItem(key)
  } catch { /* no room, or no storage allowed: the words are still on the page */ }
}

export function recall() {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? {}
  } catch {
    return {}
  }
}

// The first message made its conversation: what was typed since belongs there.
export function moveTo(conversation) {
  keep({})
  key = key.replace(/[^:]*$/, conversation)
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
