// Seconds that the server said are counted down where they stand in its words. Clocks are not
// compared: it counts from the moment at which they came.
import {all, tell} from './page.js'

const EVERY = 500
const ends = new WeakMap()

// As conversations.text.duration writes it.
function inWords(seconds) {
  const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60)
  if (!minutes) return `${seconds} s`
  if (!hours) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`
}

export function secondsLeft(place) {
  if (!ends.has(place)) ends.set(place, Date.now() + Number(place.dataset.countdown) * 1000)
  return (ends.get(place) - Date.now()) / 1000
}

function show(place) {
  const left = Math.ceil(secondsLeft(place))
  const words = left > 0 ? `in ${inWords(left)}` : 'any moment now'
  if (place.textContent !== words) place.textContent = words
  if (left <= 0) tell('countdown:over', place)
}

export function finish(place) {
  ends.set(place, Date.now())
  show(place)
}

export const countDown = () => all('[data-countdown]').forEach(show)

setInterval(countDown, EVERY)
countDown()
