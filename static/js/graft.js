// A turn is replaced, yet what reads the same stays the same node: a selection, the focus and
// the sideways scroll of a code block outlive the end of their answer.
import {find, keepFocus, tell} from './page.js'

export function parse(html) {
  const template = document.createElement('template')
  template.innerHTML = html
  return template.content
}

// The children of `holder` become those of `fresh`; equal ones at the beginning are kept.
export function keepEqual(holder, fresh) {
  // What came piece by piece has its line ends in pieces.
  holder.normalize()
  let old = holder.firstChild
  while (old && fresh.firstChild?.isEqualNode(old)) {
    fresh.firstChild.remove()
    old = old.nextSibling
  }
  while (old) {
    const next = old.nextSibling
    old.remove()
    old = next
  }
  holder.append(...fresh.childNodes)
}

export function replaceTurn(turn, html) {
  const fresh = find('article', parse(html))
  const prose = find('.prose', turn), freshProse = find('.prose', fresh)
  const around = [...fresh.childNodes], at = around.indexOf(freshProse)
  const isOpen = find('.reasoning', turn)?.open
  keepFocus(turn, () => {
    for (const {name} of [...turn.attributes]) turn.removeAttribute(name)
    for (const {name, value} of fresh.attributes) turn.setAttribute(name, value)
    if (turn.dataset.stop) prose.replaceChildren(...freshProse.childNodes)
    else {
      find('.tail', prose).remove()
      keepEqual(find('.settled', prose), freshProse)
    }
    for (const node of [...turn.childNodes]) if (node !== prose) node.remove()
    prose.before(...around.slice(0, at))
    prose.after(...around.slice(at + 1))
  })
  if (isOpen) find('.reasoning', turn)?.setAttribute('open', '')
  htmx.process(turn)
  if (!turn.dataset.stop) tell('chat:ended', turn)
}
