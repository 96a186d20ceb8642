// What was refused or went wrong, above the composer and said aloud; and what there is to do.
import {alarm, find, on, say} from './page.js'

const place = find('#notice')
let failed, again, said

export function clear() {
  place.replaceChildren()
  // Nor does it stay behind for those who read with their ears.
  if (said) alarm(said = '')
}

export function show(name) {
  place.replaceChildren(find(`#notice-${name}`).content.cloneNode(true))
  told()
}

// The same once: an estimate is refused again with every word that is typed.
function told() {
  // Behind a dialog nobody would see it.
  find('dialog[open]')?.close()
  const {textContent} = find('.note__words', place)
  if (textContent !== said) alarm(said = textContent)
}

// What is wrong with a setting is said beside it.
const isOfItsForm = (elt, xhr) => xhr.status === 422 && elt.matches('#settings')
const isQuiet = elt => elt.matches('#estimate, #search, [data-loads]')

on('htmx:beforeSwap', event => {
  const {xhr, requestConfig: {elt}} = event.detail
  // The database is away: what was not asked for by hand fails without a word.
  if (xhr.status === 503 && isQuiet(elt)) event.detail.shouldSwap = false
  if (xhr.status < 400 || xhr.getResponseHeader('HX-Retarget')) return
  if (isOfItsForm(elt, xhr)) return
  event.detail.shouldSwap = false
  if (xhr.status === 401 || xhr.status < 500 && !isQuiet(elt)) show({401: 'signed-out', 404: 'gone'}[xhr.status] ?? 'refused')
})

on('htmx:afterSwap', told, place)

// What stood in the way is over.
on('countdown:over', () => {
  clear()
  say('You can send again')
}, place)

// Where the log was read anew meanwhile, there is another button that does the same.
const alike = (elt, path) => elt.isConnected ? elt : find(`[hx-post="${path}"]`)

on('htmx:afterRequest', ({detail: {requestConfig: {elt, target, verb, path}, successful, xhr}}) => {
  if (successful && (elt === failed || 'clientId' in elt.dataset)) clear()
  if (successful || isQuiet(elt) || isOfItsForm(elt, xhr)) return
  failed = elt
  again = () => {
    const source = alike(elt, path)
    if (source?.requestSubmit) source.requestSubmit()
    else if (source) htmx.ajax(verb, path, {source, target}).catch(() => {})
  }
})

on('htmx:sendError htmx:timeout htmx:responseError', ({detail: {xhr, requestConfig: {elt}}}) => {
  if (xhr.status >= 400 && xhr.status < 500 || isQuiet(elt)) return
  // The server's own words are shown already.
  if (xhr.status === 503 && xhr.getResponseHeader('HX-Retarget')) return
  // A client id that is gone belonged to a message that arrived after all.
  if (elt.dataset.clientId !== '') show(elt.dataset.clientId ? 'not-sent' : 'failed')
})

on('click', ({target}) => {
  if (target.closest('[data-show-log]')) {
    clear()
    htmx.trigger('#reload', 'reload')
  } else if (target.closest('[data-again]')) again()
}, place)

// A shorter answer for once, so that it fits into a budget: the same request again, which stored
// nothing, so under the same client id.
let limit
on('htmx:configRequest', ({detail: {elt, parameters}}) => {
  if (limit && 'clientId' in elt.dataset) parameters.limit = limit
})
on('click', ({target}) => {
  const offer = target.closest('[data-limit]')
  if (!offer) return
  limit = offer.dataset.limit
  if (place.contains(offer)) again()
  else find('#composer').requestSubmit()
  limit = undefined
})
