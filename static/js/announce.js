// For ears: when an answer begins, that it goes on, how it ended. Never its text as it grows.
import {alarm, find, on, running, say} from './page.js'

const STILL = 20000
let timer

function begin() {
  if (!running() || timer) return
  say('Answering')
  timer = setInterval(() => say('Still answering'), STILL)
}

const count = text => text.split(/\s+/).filter(Boolean).length

on('chat:placed', begin)
on('chat:swapped', () => { if (!running()) timer = clearInterval(timer) })

on('chat:ended', ({target: turn}) => {
  timer = clearInterval(timer)
  const notice = find('[data-notice]', turn)
  const words = notice && find('.note__words', notice).textContent
  if (notice?.matches('.note--bad')) return alarm(words)
  if (words) return say(words)
  const cost = find('[data-cost-words]', turn)?.textContent
  const length = count(find('.prose', turn).textContent).toLocaleString('en')
  say(['Answer finished', `${length} words`, cost].filter(Boolean).join(', '))
})

begin()
