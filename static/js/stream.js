// What the socket brings, applied once per animation frame. A frame covers the characters
// [from, to) of an answer: it fits where the turn ends at `from`, or there is a gap to ask about.
import {RUNNING, exchanges, find, keepFocus, on, turnOf} from './page.js'
import {place} from './place.js'
import {keepEqual, parse, replaceTurn} from './graft.js'
import {report} from './socket.js'
import {reload} from './thread.js'

const SEEN_EVERY = 16, ASK_AGAIN = 2000
const queue = []
let planned, applied = 0, askedAt = -ASK_AGAIN

function ask() {
  if (performance.now() - askedAt < ASK_AGAIN) return
  askedAt = performance.now()
  report('show')
}

function grow(tail, text) {
  const spot = [...tail.querySelectorAll('[data-growing]')].at(-1) ?? tail
  // Escaped already, as everything that the renderer sends.
  spot.insertAdjacentHTML('beforeend', text)
}

function apply(turn, frame) {
  const part = name => document.getElementById(`${name}-${frame.message}`)
  const settled = part('settled'), tail = part('tail'), reasoning = part('reasoning')
  if (frame.whole) {
    keepEqual(settled, parse(frame.settled))
    reasoning.textContent = ''
  } else if (frame.settled) settled.insertAdjacentHTML('beforeend', frame.settled)
  if (frame.tail !== null) keepFocus(tail, () => { tail.innerHTML = frame.tail })
  if (frame.grown) grow(tail, frame.grown)
  if (frame.reasoning) {
    reasoning.append(frame.reasoning)
    reasoning.parentElement.hidden = false
  }
  turn.dataset.position = frame.to
  turn.dataset.status = 'streaming'
  if (++applied % SEEN_EVERY === 0) report('seen')
}

const act = {
  frame(frame) {
    const turn = turnOf(frame.message)
    if (!turn?.matches(RUNNING)) return
    const have = Number(turn.dataset.position)
    if (frame.whole ? frame.to >= have : frame.from === have) apply(turn, frame)
    else if (!frame.whole && frame.from > have) ask()
  },
  turn({message, html}) {
    const turn = turnOf(message)
    if (turn?.matches(RUNNING)) replaceTurn(turn, html)
  },
  exchange: ({html}) => place(html),
  thread: reload,
}

function flush() {
  planned = undefined
  for (const message of queue.splice(0)) act[message.type]?.(message)
}

on('htmx:wsBeforeMessage', event => {
  event.preventDefault()
  queue.push(JSON.parse(event.detail.message))
  // A hidden page has no animation frames.
  planned ??= document.hidden ? setTimeout(flush, 50) : requestAnimationFrame(flush)
})
on('visibilitychange', flush)
on('chat:placed', () => find(RUNNING, exchanges) && report('show'))
