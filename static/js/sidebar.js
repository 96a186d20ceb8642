// The sidebar is a drawer on a narrow page and folds away on a wide one.
import {all, find, on} from './page.js'

const sidebar = find('#sidebar'), opener = find('.chat__toggle')
const isNarrow = matchMedia('(max-width: 48rem)')

const isOpen = () => sidebar.checkVisibility({visibilityProperty: true})
const isDrawer = () => isNarrow.matches && isOpen()

function show() {
  for (const part of all('.chat__head > :not(h1), #log, .dock')) part.inert = isDrawer()
  for (const button of all('[data-sidebar-toggle]')) button.ariaExpanded = isOpen()
}

export function toggle() {
  const opens = !isOpen()
  document.body.dataset.sidebar = opens ? 'open' : 'closed'
  show()
  if (opens) find('[data-new-chat]').focus()
  else opener.focus()
}

on('click', ({target}) => {
  if (target.closest('[data-sidebar-toggle]') || isDrawer() && target.closest('main, header')) toggle()
})
on('keydown', event => {
  if (event.key === 'Escape' && isDrawer() && !event.defaultPrevented && !find(':popover-open')) toggle()
})
on('change', () => {
  delete document.body.dataset.sidebar
  show()
}, isNarrow)
show()
