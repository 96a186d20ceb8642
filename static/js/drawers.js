// Drawers whose inside comes when they are opened: that it comes, that it did not, once more;
// and where the focus goes afterwards.
import {all, find, log, on} from './page.js'

let last
const openers = {}

const failed = drawer => find('.drawer__failed', drawer)
const isIn = (drawer, {detail: {target}}) => drawer.contains(target)

on('click', ({target}) => {
  const opener = target.closest('[data-open]')
  if (opener) openers[opener.dataset.open] = opener.id
})

for (const drawer of all('.drawer--wide')) {
  const inside = find('.drawer__inside', drawer)

  on('htmx:beforeSend', event => {
    if (!isIn(drawer, event)) return
    last = event.detail
    failed(drawer).hidden = true
  })

  on('htmx:afterRequest', event => {
    if (!isIn(drawer, event) || event.detail.xhr !== last.xhr) return
    failed(drawer).hidden = event.detail.successful
    if (event.detail.successful) drawer.scrollTop = 0
    else inside.replaceChildren()
  })

  on('click', ({target}) => {
    if (!target.closest('[data-load-again]')) return
    const {requestConfig: {elt, path, verb}} = last
    find('[data-close]', drawer).focus()
    htmx.ajax(verb, path, {source: elt, target: inside}).catch(() => {})
  }, drawer)

  on('close', () => {
    last?.xhr.abort()
    inside.replaceChildren()
    failed(drawer).hidden = true
    // Its opener may have been replaced meanwhile; the browser has nowhere to go back to then.
    const held = document.activeElement, opener = document.getElementById(openers[drawer.id])
    if (held === document.body || drawer.contains(held)) (opener ?? log).focus({preventScroll: true})
  }, drawer)
}
