// Menus that open beside their button: arrow keys go through what there is to choose.
import {all, find, on} from './page.js'

const shown = menu => all('[role^=menuitem]', menu).filter(item => !item.hidden)
let opener

on('click', ({target}) => { opener = target.closest('[popovertarget]') ?? opener })

for (const menu of all('[role=menu][popover]')) {
  on('toggle', event => {
    if (event.newState !== 'open') return
    shown(menu)[0].focus()
    if (CSS.supports('position-area', 'bottom')) return
    const {right, bottom} = opener.getBoundingClientRect()
    menu.style.left = `${Math.max(0, right - menu.offsetWidth)}px`
    menu.style.top = `${Math.min(bottom, innerHeight - menu.offsetHeight)}px`
  }, menu)

  on('keydown', event => {
    const items = shown(menu), at = items.indexOf(document.activeElement)
    const next = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1}[event.key]
    if (event.key === 'Tab') menu.hidePopover()
    if (next === undefined) return
    event.preventDefault()
    items.at(next % items.length).focus()
  }, menu)
}
