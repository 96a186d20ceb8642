// One's presets, in the settings: where the focus goes when what had it is gone.
import {find, on} from './page.js'

on('htmx:afterSettle', ({target}) => {
  if (!target.matches?.('#presets, #own-presets')) return
  if (document.activeElement !== document.body) return
  const next = find('#preset-save') ?? find('#own-presets summary') ?? find('#presets summary')
  next.focus({preventScroll: true})
})
