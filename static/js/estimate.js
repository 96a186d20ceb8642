// What the next message takes changes with the thread, not only with the words in the composer.
import {on} from './page.js'
import {draft} from './draft.js'

const refresh = () => htmx.trigger('#estimate', 'refresh')

on('chat:ended chat:swapped chat:refused', refresh)
on('DOMContentLoaded', () => draft.value && refresh())
