// What belongs to one choice of a list is there while that one is chosen.
import {all, on} from './page.js'

on('change', ({target}) => {
  for (const part of all(`[data-for="${target.id}"]`)) part.hidden = part.dataset.choice !== target.value
})
