// Said only when a connection stays away; what is found again needs no words.
import {find, on, say} from './page.js'

const LONG = 3000
const line = find('#connection')
let isLost = false, trouble = '', timer

function show() {
  const words = !navigator.onLine ? line.dataset.offline : isLost ? line.dataset.lost : trouble
  if (line.textContent === words) return
  line.textContent = words
  line.hidden = !words
  if (words) say(words)
}

on('socket:lost', () => { timer ??= setTimeout(() => { isLost = true; show() }, LONG) })
on('socket:opened', () => {
  timer = clearTimeout(timer)
  isLost = false
  // Its end may have been told while this page was away; a socket opens only where all is well.
  trouble = ''
  show()
})
// What is wrong with the site itself, as it says over the connection that still holds.
on('site:trouble', ({detail}) => {
  trouble = detail
  show()
})
on('online offline', show, window)
show()
