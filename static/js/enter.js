// What the Enter key means where one writes: with a fine pointer it sends, elsewhere it is a new
// line; with Control or Command it always sends.
import {isComposing} from './page.js'

const hasFinePointer = matchMedia('(pointer: fine)')

export function sends(event) {
  if (event.key !== 'Enter' || isComposing(event)) return false
  const isPlain = !event.shiftKey && !event.altKey && hasFinePointer.matches
  return event.ctrlKey || event.metaKey || isPlain
}

// Where a keyboard is certain one types at once; on a phone it would cover half of the page.
export const typesAtOnce = () => hasFinePointer.matches
