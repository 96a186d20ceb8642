// One menu for all conversations of the list: naming one, deleting one, taking that back.
import {all, find, on, say} from './page.js'
import {rename} from './rename.js'

const UNDO = 10000
const rows = find('#rows'), menu = find('#row-menu')
let row, focusAt = 0

on('click', ({target}) => {
  row = target.closest('.row__actions')?.closest('.row') ?? row
}, rows)

on('click', ({target}) => {
  const act = target.closest('[data-act]')?.dataset.act
  if (!act) return
  menu.hidePopover()
  if (act === 'rename') rename(row)
  else remove(row)
}, menu)

async function remove(row) {
  const wasOpen = find('[aria-current]', row)
  await htmx.ajax('POST', row.dataset.delete, {source: rows, target: rows}).catch(() => {})
  if (document.getElementById(row.id)) return
  if (!wasOpen) return say('Deleted')
  sessionStorage.setItem('deleted', JSON.stringify({address: row.dataset.restore, at: Date.now()}))
  location.assign('/')
}

on('htmx:beforeSwap', ({detail: {requestConfig: {elt}}}) => {
  const shown = all('.row', rows)
  focusAt = elt.matches('.rows__more') ? shown.length : Math.max(0, shown.indexOf(row))
}, rows)

on('htmx:afterSwap', () => {
  const shown = all('.row__link', rows)
  if (document.activeElement === document.body) shown[Math.min(focusAt, shown.length - 1)]?.focus()
  expire(UNDO)
}, rows)

const expire = time => all('[data-undo]', rows).forEach(undo => setTimeout(() => undo.remove(), time))

// The open conversation was deleted: the offer to take it back came along to this page.
const {address, at} = JSON.parse(sessionStorage.getItem('deleted') ?? '{}')
sessionStorage.removeItem('deleted')
if (address && Date.now() - at < UNDO) {
  rows.prepend(find('#undo-later').content.cloneNode(true))
  find('[data-undo] button', rows).setAttribute('hx-post', address)
  expire(UNDO - (Date.now() - at))
  say('Deleted')
}
