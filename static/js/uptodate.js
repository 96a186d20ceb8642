// The changes of a conversation are numbered: up to which one does this page show them all? The
// server tells of each; a page that was away says what it has, and reads its log again if need be.
import {exchanges, on} from './page.js'

export const known = () => Number(exchanges.dataset.changes)
export const isNews = changes => !changes || changes > known()

// This one is shown now; false where others before it are missing.
export function note(changes) {
  if (changes === known() + 1) exchanges.dataset.changes = changes
  return !changes || changes <= known()
}

on('htmx:beforeSwap', ({target, detail: {xhr}}) => {
  const changes = target === exchanges && xhr.getResponseHeader('Chat-Changes')
  if (changes) exchanges.dataset.changes = changes
})
