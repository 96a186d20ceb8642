// What the Enter key means where one writes: it sends, but where one types with a finger it is a
// new line; with Control or Command it always sends.
import {isComposing} from './page.js'

const hasTouch = matchMedia('(pointer: coarse)')

export function sends(event) {
  if (event.key !== 'Enter' || isComposing(event)) return false
  const isPlain = !event.shiftKey && !event.altKey && !hasTouch.matches
  return event.ctrlKey || event.metaKey || isPlain
}

// Where a keyboard is certain one types at once; on a phone it would cover half of the page.
export const typesAtOnce = () => !hasTouch.matches
