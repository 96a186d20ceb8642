// What the socket brings, applied once per animation frame. A frame covers the characters
// [from, to) of an answer and of its reasoning: it fits where the turn ends at `from` and was cut
// into settled and tail by the same source. Else something is missing: the page asks, and what
// comes meanwhile is kept until it fits.
import {RUNNING, exchanges, find, keepFocus, on, tell, turnOf} from './page.js'
import {place} from './place.js'
import {keepEqual, parse, replaceTurn} from './graft.js'
import {endWait, showWait} from './line.js'
import {fits, isAhead, move} from './position.js'
import {report} from './socket.js'
import {reload} from './thread.js'
import {isNews, note} from './uptodate.js'

const SEEN_EVERY = 16, ASK_AGAIN = 1000, MOST_LATE = 200
// How long a change that the server has told of may take to arrive, in milliseconds.
const ON_ITS_WAY = 1000
const queue = []
let planned, came = 0, askedAt = -ASK_AGAIN, late = []

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
  // Whoever writes it may have nothing new yet.
  const {position, thought} = turn.dataset
  if (frame.to > position || frame.thoughtTo > thought) turn.dataset.begun = ''
  if (frame.to || frame.reasoning) turn.dataset.status = 'streaming'
  move(turn, frame)
  endWait(turn)
  retry()
}

function retry() {
  queue.unshift(...late)
  late = []
}

const act = {
  frame(frame) {
    const turn = turnOf(frame.message)
    if (!turn?.matches(RUNNING)) return
    if (++came % SEEN_EVERY === 0) report('seen')
    if (fits(turn, frame)) apply(turn, frame)
    else if (!frame.whole && isAhead(turn, frame)) {
      late = [...late.slice(1 - MOST_LATE), frame]
      ask()
    }
  },
  here({at, changes}) {
    for (const [message, mark] of Object.entries(at)) {
      const turn = turnOf(message)
      if (turn?.matches(RUNNING) && isAhead(turn, mark)) ask()
    }
    if (changes && isNews(changes)) setTimeout(() => reload(changes), ON_ITS_WAY)
  },
  wait({message, html}) {
    const turn = turnOf(message)
    // Once it writes it does not go back into the line: such a word is late.
    if (turn?.matches(`${RUNNING}:not([data-begun])`)) showWait(turn, html)
  },
  turn({message, html, changes}) {
    const turn = turnOf(message)
    if (turn?.matches(RUNNING)) replaceTurn(turn, html)
    if (!note(changes)) reload(changes)
  },
  exchange({html, changes}) {
    place(html)
    if (!note(changes)) reload(changes)
  },
  thread: ({changes}) => reload(changes),
  trouble: ({words}) => tell('site:trouble', document, words),
}

function flush() {
  planned = undefined
  while (queue.length) {
    const message = queue.shift()
    act[message.type]?.(message)
  }
}

on('htmx:wsBeforeMessage', event => {
  event.preventDefault()
  queue.push(JSON.parse(event.detail.message))
  // A hidden page has no animation frames, and its timers may come once a minute.
  if (document.hidden) flush()
  else planned ??= requestAnimationFrame(flush)
})
on('visibilitychange', flush)
on('chat:swapped', () => { retry(); flush() })
on('chat:placed', () => find(RUNNING, exchanges) && report('show'))
