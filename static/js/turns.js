// One menu for all turns of the log: what counts for the model, other models, other chats.
import {all, exchanges, find, on} from './page.js'
import {uuid} from './configure.js'
import {focus, open} from './inline.js'
import {writeAfter, writeBefore} from './write.js'

const menu = find('#turn-menu')
let turn

const always = () => true
const isFirst = () => turn === find('[data-message-id]', exchanges)
const fits = {
  model: () => turn.dataset.role === 'assistant',
  pin: () => turn.dataset.standing !== 'pinned',
  unpin: () => turn.dataset.standing === 'pinned',
  exclude: () => turn.dataset.standing !== 'excluded',
  include: () => turn.dataset.standing === 'excluded',
  before: isFirst,
  compare: () => find('[data-compare]', turn),
}

on('beforetoggle', ({newState}) => {
  if (newState !== 'open') return
  for (const item of all('[data-act]', menu)) item.hidden = !(fits[item.dataset.act] ?? always)()
  find('[data-act=compare]', menu).href = find('[data-compare]', turn)?.href ?? ''
}, menu)

on('click', ({target}) => {
  turn = target.closest('[data-more]')?.closest('.turn') ?? turn
}, exchanges)

function post(address, words, values = {}) {
  const button = find('[data-more]', turn)
  // In the button, so that "Try again" sends them again; thread.js says the words.
  button.setAttribute('hx-vals', JSON.stringify(values))
  button.dataset.words = words
  htmx.ajax('POST', turn.dataset.address + address, {source: button, target: exchanges}).catch(() => {})
}

const stand = (standing, words) => () => post('standing/', words, {standing})
const acts = {
  model: () => focus(open('model', turn, `${turn.dataset.address}retry/`)),
  pin: stand('pinned', 'Pinned'),
  unpin: stand('free', 'Unpinned'),
  exclude: stand('excluded', 'Excluded from the context'),
  include: stand('free', 'Back in the context'),
  before: () => writeBefore(turn),
  after: () => writeAfter(turn),
  branch: () => post('branch/', '', {client_id: uuid()}),
  delete: () => post('delete/', 'Message deleted. Later messages may refer to it.'),
}

on('click', ({target}) => {
  const act = target.closest('[data-act]')?.dataset.act
  if (!act) return
  menu.hidePopover()
  acts[act]?.()
}, menu)
