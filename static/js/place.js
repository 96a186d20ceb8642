// An exchange comes twice, as the answer to its request and over the socket, in either order;
// it is placed once, where the page had already put the person's words.
import {exchanges, find, tell} from './page.js'
import {parse} from './graft.js'

export const pending = () => find('[data-pending]', exchanges)

export function place(html, isOwn = false) {
  const fresh = find('.exchange', parse(html)), waiting = pending()
  const words = section => find('.body', section)?.textContent
  const isHere = document.getElementById(find('article', fresh).id)
  const isWaitedFor = waiting && (isOwn || words(waiting) === words(fresh))
  if (isHere) {
    if (isOwn) waiting?.remove()
    return
  }
  if (isWaitedFor) {
    fresh.classList.add('exchange--fresh')
    waiting.replaceWith(fresh)
    tell('chat:arrived')
  } else exchanges.append(fresh)
  htmx.process(fresh)
  tell('chat:placed', fresh)
}
