// The log follows its end until the reader moves up. Only the reader's own input ends it: a
// scroll event that is neither our last write nor a clamp after something shrank.
import {exchanges, find, log, on} from './page.js'

const NEAR = 60, FAR = 80
const latest = find('[data-latest]')
let isPinned = true, wrote = -1, last = 0, lastEnd = 0, planned = 0

const end = () => log.scrollHeight - log.clientHeight
const left = () => end() - log.scrollTop

function set(pinned) {
  isPinned = pinned
  log.style.overflowAnchor = pinned ? 'none' : 'auto'
  latest.hidden = pinned || left() < FAR
}

function jump() {
  planned = 0
  if (!isPinned) return
  log.scrollTop = end()
  wrote = last = log.scrollTop
  lastEnd = end()
}

function want() {
  if (isPinned) planned ||= document.hidden ? setTimeout(jump) : requestAnimationFrame(jump)
}

export function pin() {
  set(true)
  want()
}
export const unpin = () => set(false)
export const isFollowing = () => isPinned

on('scroll', () => {
  const at = log.scrollTop, bottom = end()
  const isOurs = Math.abs(at - wrote) < 2
  const isClamp = bottom < lastEnd && Math.abs(at - bottom) < 2
  if (!isOurs && !isClamp) {
    if (at < last - 2) set(false)
    else if (at > last && left() < NEAR) pin()
    else if (!isPinned) latest.hidden = left() < FAR
  }
  wrote = -1
  last = at
  lastEnd = bottom
}, log)

const hasOwnScroll = target => {
  const inner = target.closest('pre, .scroll, textarea')
  return inner && inner.scrollHeight > inner.clientHeight + 1
}
log.addEventListener('wheel', event => {
  const isUp = event.deltaY < 0 && Math.abs(event.deltaY) > Math.abs(event.deltaX)
  if (isUp && !event.ctrlKey && !hasOwnScroll(event.target)) set(false)
}, {passive: true})
on('keydown', event => {
  if (['PageUp', 'Home', 'ArrowUp'].includes(event.key)) set(false)
}, log)

const sizes = new ResizeObserver(want)
sizes.observe(log)
sizes.observe(exchanges)
on('click', pin, latest)
on('chat:sent', pin)
