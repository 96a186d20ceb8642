// The open conversation's socket. It says where this page stands, which is also how a dead
// connection is noticed, and it comes back whenever it was lost.
import {RUNNING, all, exchanges, find, on, tell} from './page.js'
import {clear, show} from './notice.js'

const EVERY = 5000, PATIENCE = 10000
const SIGNED_OUT = 4401, GONE = 4404
const HTMX_RECONNECTS = [1006, 1011, 1012, 1013]

let wrapper, socket, unanswered, isOver
const delay = () => 200 + Math.random() * 1600

export function report(kind) {
  if (socket?.readyState !== WebSocket.OPEN || !wrapper) return
  const positions = all(`[data-message-id]${RUNNING}`, exchanges)
    .map(turn => [turn.dataset.messageId, Number(turn.dataset.position)])
  wrapper.sendImmediately(JSON.stringify({[kind]: Object.fromEntries(positions)}))
  unanswered ??= Date.now()
}

htmx.config.wsReconnectDelay = delay
htmx.createWebSocket = url => {
  // The one before may still be closing; it must not call for a third.
  if (socket) {
    socket.onclose = socket.onerror = null
    socket.close()
  }
  unanswered = Date.now()
  return (socket = new WebSocket(url))
}

on('htmx:wsOpen', ({detail}) => {
  wrapper = detail.socketWrapper
  isOver = false
  report('show')
  tell('socket:opened')
})

on('htmx:wsBeforeMessage', () => { unanswered = undefined })

on('htmx:wsClose', ({detail}) => {
  const {code} = detail.event
  unanswered = undefined
  isOver = code === SIGNED_OUT || code === GONE
  if (isOver) return show(code === GONE ? 'gone' : 'signed-out')
  tell('socket:lost')
  if (!HTMX_RECONNECTS.includes(code)) setTimeout(detail.socketWrapper.reconnect, delay())
})

// Signed in again elsewhere: what the server accepts from this page, it may also tell it.
on('htmx:afterRequest', ({detail}) => {
  if (!isOver || !detail.successful) return
  isOver = false
  clear()
  wrapper.reconnect()
})

if (find('#socket')) {
  setInterval(() => {
    if (unanswered && Date.now() - unanswered >= PATIENCE) {
      tell('socket:lost')
      if (socket.readyState === WebSocket.CONNECTING) socket.close()
      else wrapper.reconnect()
    } else report('seen')
  }, EVERY)
}
