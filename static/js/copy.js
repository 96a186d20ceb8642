// Copy gives the Markdown of a turn, the code of a block, or a request as JSON.
import {find, on, say} from './page.js'

const SHOWN = 1500

function sourceOf(button) {
  if (button.matches('[data-copy-code]')) {
    return find('code', button.closest('figure')).textContent.replace(/\n$/, '')
  }
  if (button.matches('[data-copy-json]')) return find('[data-json]', button.closest('.seen')).textContent
  const turn = button.closest('.turn')
  return find('[data-source]', turn)?.content.textContent
    ?? find('.body', turn)?.textContent
    ?? find('.prose', turn).innerText
}

// navigator.clipboard does not exist on plain http: there a selection is copied.
function copySelected(text) {
  const held = document.activeElement
  const field = document.createElement('textarea')
  field.value = text
  field.className = 'sr'
  // Nothing behind an open dialog can be selected.
  const place = find('dialog[open]') ?? document.body
  place.append(field)
  field.select()
  const isCopied = document.execCommand('copy')
  field.remove()
  held?.focus({preventScroll: true})
  return isCopied
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copySelected(text)
  }
}

on('click', async event => {
  const button = event.target.closest('[data-copy], [data-copy-code], [data-copy-json]')
  if (!button) return
  const isCopied = await copy(sourceOf(button))
  say(isCopied ? 'Copied' : 'Could not copy')
  if (!isCopied) return
  button.dataset.done = ''
  setTimeout(() => delete button.dataset.done, SHOWN)
})
