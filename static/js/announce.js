// For ears: why an answer waits, when it begins, that it goes on, how it ended. Never its text as
// it grows, nor the seconds of a countdown.
import {alarm, exchanges, find, on, running, say} from './page.js'

const STILL = 20000, SETTLED = 700
let timer, waits = '', settling

function begin() {
  if (!running() || timer || waits) return
  say('Answering')
  timer = setInterval(() => say('Still answering'), STILL)
}

function look() {
  clearTimeout(settling)
  const now = find('[data-wait]', exchanges)?.dataset.wait ?? ''
  // A wait that is over at once is not worth a word.
  settling = setTimeout(now ? () => wait(now) : () => { waits = ''; begin() }, SETTLED)
}

// Said when it begins, and not again while its place and its seconds change.
function wait(now) {
  if (now === waits) return
  waits = now
  timer = clearInterval(timer)
  say(find('.wait__words', exchanges).textContent)
}

const count = text => text.split(/\s+/).filter(Boolean).length

on('chat:placed chat:waits', look)
on('chat:swapped', () => {
  if (running()) return
  timer = clearInterval(timer)
  waits = ''
})

on('chat:ended', ({target: turn}) => {
  timer = clearInterval(timer)
  clearTimeout(settling)
  waits = ''
  const notice = find('[data-notice]', turn)
  const words = notice && find('.note__words', notice).textContent
  if (notice?.matches('.note--bad')) return alarm(words)
  if (words) return say(words)
  const cost = find('[data-cost-words]', turn)?.textContent
  const length = count(find('.prose', turn).textContent).toLocaleString('en')
  say(['Answer finished', `${length} words`, cost].filter(Boolean).join(', '))
})

look()
