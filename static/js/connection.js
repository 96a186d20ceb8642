// Said only when a connection stays away; what is found again needs no words.
import {find, on, say} from './page.js'

const LONG = 3000
const line = find('#connection')
let isLost = false, timer

function show() {
  const words = !navigator.onLine ? line.dataset.offline : isLost ? line.dataset.lost : ''
  if (line.textContent === words) return
  line.textContent = words
  line.hidden = !words
  if (words) say(words)
}

on('socket:lost', () => { timer ??= setTimeout(() => { isLost = true; show() }, LONG) })
on('socket:opened', () => {
  timer = clearTimeout(timer)
  isLost = false
  show()
})
on('online offline', show, window)
show()
