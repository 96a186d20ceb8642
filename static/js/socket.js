// The open conversation's socket. It says where this page stands, which is also how a dead
// connection is noticed, and it comes back whenever it was lost.
import {RUNNING, all, exchanges, find, on, tell} from './page.js'
import {clear, show} from './notice.js'
import {known} from './uptodate.js'

// In milliseconds: how often it reports, how long an answer to that may take before another
// connection is tried (twice as long each time), how long where there is reason for doubt.
const EVERY = 5000, PATIENCE = 4000, MOST_PATIENCE = 32000, DOUBT = 1500
const SIGNED_OUT = 4401, GONE = 4404

let wrapper, socket, unanswered, isOver, timer, patience = PATIENCE, limit = PATIENCE, reported = 0
const delay = () => 200 + Math.random() * 1600

export function report(kind) {
  if (socket?.readyState !== WebSocket.OPEN || !wrapper) return
  const turns = all(`[data-message-id]${RUNNING}`, exchanges)
  const each = value => Object.fromEntries(turns.map(turn => [turn.dataset.messageId, value(turn)]))
  wrapper.sendImmediately(JSON.stringify({
    // Of one that waits nothing is known here: whether it still does is for the server to say.
    [kind]: each(turn => find('[data-wait]', turn) ? -1 : Number(turn.dataset.position)),
    thoughts: each(turn => Number(turn.dataset.thought)),
    sources: each(turn => Number(turn.dataset.shownSource)),
    changes: known(),
  }))
  reported = Date.now()
  unanswered ??= reported
}

function reconnect() {
  timer = clearTimeout(timer)
  wrapper.reconnect()
}

// The extension's own attempts know only some codes, and nothing of the ones made here.
htmx.config.wsReconnectDelay = () => 2 ** 31 - 1
htmx.createWebSocket = url => {
  // The one before may still be closing; it must not call for a third.
  if (socket) {
    socket.onclose = socket.onerror = null
    socket.close()
  }
  unanswered = Date.now()
  limit = patience
  return (socket = new WebSocket(url))
}

on('htmx:wsOpen', ({detail}) => {
  wrapper = detail.socketWrapper
  isOver = false
  report('show')
  tell('socket:opened')
})

on('htmx:wsBeforeMessage', () => {
  unanswered = undefined
  limit = patience = PATIENCE
})

on('htmx:wsClose', ({detail}) => {
  const {code} = detail.event
  wrapper = detail.socketWrapper
  unanswered = undefined
  isOver = code === SIGNED_OUT || code === GONE
  if (isOver) return show(code === GONE ? 'gone' : 'signed-out')
  tell('socket:lost')
  clearTimeout(timer)
  timer = setTimeout(reconnect, delay())
})

// Signed in again elsewhere: what the server accepts from this page, it may also tell it.
on('htmx:afterRequest', ({detail}) => {
  if (!isOver || !detail.successful) return
  isOver = false
  clear()
  wrapper.reconnect()
})

// Nobody has answered for too long. On a slow line the next attempt is given more time.
function giveUp() {
  limit = patience = Math.min(2 * patience, MOST_PATIENCE)
  tell('socket:lost')
  if (wrapper) reconnect()
  else socket.close()
}

// The machine slept, the page was frozen or hidden, or there was no network: the connection may
// be dead without knowing it.
function doubt() {
  if (isOver || !wrapper) return
  if (socket.readyState > WebSocket.OPEN) return reconnect()
  report('show')
  unanswered = Date.now()
  limit = DOUBT
  setTimeout(look, DOUBT + 50)
}

function look() {
  if (unanswered && Date.now() - unanswered >= limit) giveUp()
}

if (find('#socket')) {
  let before = Date.now()
  setInterval(() => {
    const now = Date.now(), hasSlept = now - before > EVERY
    before = now
    if (hasSlept) return doubt()
    look()
    if (now - reported >= EVERY) report('seen')
  }, 1000)
  on('visibilitychange', () => document.hidden || doubt())
  on('resume', doubt)
  on('online', doubt, window)
}
