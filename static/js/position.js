// How far a running answer is shown: characters of its text and of its reasoning, counted by the
// server, and by whose frames that was cut into settled and tail.

const markOf = ({dataset: {position, thought, shownSource}}) =>
  ({to: Number(position), thoughtTo: Number(thought), source: Number(shownSource)})

// Whether a frame, a log, or what the server says it has sent, goes beyond what the turn shows.
export function isAhead(turn, {to, thoughtTo, source}) {
  const have = markOf(turn)
  if (to !== have.to) return to > have.to
  return thoughtTo > have.thoughtTo || to > 0 && thoughtTo === have.thoughtTo && source !== have.source
}

// Whether a frame goes on just where the turn ends.
export function fits(turn, frame) {
  const have = markOf(turn)
  if (frame.whole) return frame.to > have.to || frame.to === have.to && frame.thoughtTo >= have.thoughtTo
  const isCutAlike = !have.to || frame.source === have.source
  return frame.from === have.to && frame.thoughtFrom === have.thoughtTo && isCutAlike
}

export function move({dataset}, {to, thoughtTo, source}) {
  dataset.position = to
  dataset.thought = thoughtTo
  dataset.shownSource = source
}

// The same of a turn that was read anew.
export const isTurnAhead = (turn, fresh) => isAhead(turn, markOf(fresh))
