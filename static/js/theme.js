// The cookie lets the server write the theme into the next page, so that nothing flashes.
import {find, on} from './page.js'

const YEAR = 31536000

on('change', ({target: {value}}) => {
  if (value) document.documentElement.dataset.theme = value
  else delete document.documentElement.dataset.theme
  document.cookie = `theme=${value}; path=/; max-age=${value ? YEAR : 0}; SameSite=Lax`
}, find('#theme'))
