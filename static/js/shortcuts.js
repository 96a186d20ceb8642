// Keys. Mod is Command on a Mac and only there: its Control+K cuts a line of text.
import {all, exchanges, find, isComposing, log, on} from './page.js'
import {draft} from './draft.js'
import {toggle} from './sidebar.js'

const isMac = /Mac|iPhone|iPad/.test(navigator.platform)
const search = find('#search')

function toSearch() {
  if (!search.checkVisibility({visibilityProperty: true})) toggle()
  search.focus()
}

function toLatestAnswerOrBack() {
  if (document.activeElement !== draft) return draft.focus()
  const answer = all('.turn[data-role="assistant"]', exchanges).at(-1) ?? log
  answer.tabIndex = answer === log ? 0 : -1
  answer.focus()
}

const keys = {
  'mod+shift+o': () => find('[data-new-chat]').click(),
  'mod+shift+s': toggle,
  'mod+k': toSearch,
  'shift+escape': toLatestAnswerOrBack,
}

on('keydown', event => {
  if (isComposing(event) || event.altKey || find('dialog[open]')) return
  const {shiftKey, ctrlKey, metaKey} = event
  const mod = isMac ? metaKey && !ctrlKey : ctrlKey && !metaKey
  if (!mod && (ctrlKey || metaKey)) return
  const name = [mod && 'mod', shiftKey && 'shift', event.key.toLowerCase()].filter(Boolean).join('+')
  if (!Object.hasOwn(keys, name)) return
  event.preventDefault()
  keys[name]()
})
