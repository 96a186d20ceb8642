// What the page says of itself: read from the document whenever it is asked, never kept.

export const RUNNING = ':is([data-status="queued"],[data-status="streaming"])'

export const find = (selector, root = document) => root.querySelector(selector)
export const all = (selector, root = document) => [...root.querySelectorAll(selector)]

export const log = find('#log')
export const exchanges = find('#exchanges')
export const turnOf = id => document.getElementById(`message-${id}`)
export const running = () => find(RUNNING, exchanges)
export const lastTurn = () => all('[data-message-id]', exchanges).at(-1)

export const on = (names, act, root = document) =>
  names.split(' ').forEach(name => root.addEventListener(name, act))
export const tell = (fact, target = exchanges, detail = null) =>
  target.dispatchEvent(new CustomEvent(fact, {bubbles: true, detail}))

// Said aloud even when the same words were said before.
const speak = id => words => {
  // Behind an open dialog nothing is heard.
  const place = find(`dialog[open] [data-${id}]`) ?? document.getElementById(id)
  place.textContent = ''
  setTimeout(() => { place.textContent = words }, 50)
}
export const say = speak('say')
export const alarm = speak('alarm')

// Input methods end a composition with Enter or Escape; that key is theirs.
export const isComposing = event => event.isComposing || event.keyCode === 229

// Something of `root` is replaced: what had the focus in it has it afterwards.
export function keepFocus(root, change) {
  const controls = () => all('a,button,summary,[tabindex]', root)
  const held = root.contains(document.activeElement) && document.activeElement
  const index = held && controls().indexOf(held)
  change()
  if (!held || held.isConnected) return
  const next = (held.id && document.getElementById(held.id)) || controls()[index] || log
  next.focus({preventScroll: true})
}
