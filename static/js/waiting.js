// A model that has not begun yet: from 8 seconds on the turn says for how long.
import {RUNNING, all, exchanges, find} from './page.js'

const LONG = 8
const since = new WeakMap()

function show(turn) {
  if ('stopping' in turn.dataset) return
  // The server says how long it was then; clocks are not compared.
  if (!since.has(turn)) since.set(turn, Date.now() / 1000 - Number(turn.dataset.waited ?? 0))
  const seconds = Math.floor(Date.now() / 1000 - since.get(turn))
  const hasBegun = Number(turn.dataset.position) || find('.reasoning:not([hidden])', turn)
  const line = find('.turn__wait', turn)
  line.textContent = hasBegun || seconds < LONG ? '' : `Waiting for ${line.dataset.model}, ${seconds} s`
}

setInterval(() => all(RUNNING, exchanges).forEach(show), 1000)
