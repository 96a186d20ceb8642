// Forms that are open in a turn outlive a swap of the log, with what was typed and the focus.
import {all, exchanges, on, turnOf} from './page.js'
import {attach} from './inline.js'

let kept = []

on('htmx:beforeSwap', ({target, detail: {requestConfig: {elt}}}) => {
  if (target !== exchanges) return
  kept = all('[data-inline]', exchanges).filter(form => form !== elt).map(form => ({
    form,
    id: form.closest('.turn').dataset.messageId,
    focused: form.contains(document.activeElement) && document.activeElement,
  }))
})

on('chat:swapped', () => {
  for (const {form, id, focused} of kept.splice(0)) {
    const turn = turnOf(id)
    if (form.isConnected || !turn || turn.dataset.standing === 'deleted') continue
    attach(form, turn)
    if (focused) focused.focus({preventScroll: true})
  }
})
