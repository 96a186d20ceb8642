// The hairline below the newest message that the next message's context does not contain.
import {find, on, turnOf} from './page.js'

const line = find('#horizon').content.firstElementChild.cloneNode(true)

function move() {
  const turn = turnOf(find('#estimate [data-ends-at]')?.dataset.endsAt)
  if (!turn) line.remove()
  else if (turn.nextElementSibling !== line) turn.after(line)
}

on('htmx:afterSwap', ({target}) => target.id === 'estimate' && move())
on('chat:placed chat:swapped chat:ended', move)
move()
