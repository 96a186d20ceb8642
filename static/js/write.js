// A message by hand: after a turn, before the first one, or as the beginning of a new chat.
import {exchanges, find, on} from './page.js'
import {focus, open} from './inline.js'

const OTHER = {user: 'assistant', assistant: 'user', system: 'user'}

export function writeAfter(turn) {
  const form = open('write', turn, `${turn.dataset.address}write/`)
  find('select', form).value = OTHER[turn.dataset.role]
  focus(form)
}

export function writeBefore(turn) {
  focus(open('write', turn, exchanges.dataset.writeFirst))
}

on('click', ({target}) => {
  const button = target.closest('[data-write]')
  if (button) focus(open('write', button.parentElement, button.dataset.write))
})
