"""What would be sent now, by the same code that sends it."""

from conversations.context import Entry
from conversations.turns import Draft

from .lines import Line, Seen, Summarised, as_body, parameters_of, strategy_label, summarised, who

DRAFT = "Your message"
UNWRITTEN = "Nothing is written yet."


def seen_draft(draft: Draft, owner: int | None) -> Seen:
    """Its entries, the message being written as the last of them."""
    entries = draft.context.entries
    ids = {entry.piece.summary for entry in entries if entry.piece.summary is not None}
    summaries = summarised(ids, owner)
    body = draft.request.body()
    return Seen(
        lines=[_line(number, entry, summaries) for number, entry in enumerate(entries, start=1)],
        tokens=draft.context.tokens,
        strategy=strategy_label(draft.context.strategy),
        note=draft.context.note,
        parameters=parameters_of(body),
        body="" if draft.problem else as_body(body, draft.request.messages),
    )


def _line(number: int, entry: Entry, summaries: dict[int, Summarised]) -> Line:
    piece = entry.piece
    # Nothing follows the message being written: whatever else has no id speaks as the system.
    is_draft = piece.id is None and piece.role == "user"
    return Line(
        number=number,
        who=DRAFT
        if is_draft
        else who(
            piece.role,
            is_stored=piece.id is not None,
            joins=entry.joins,
            summary=piece.summary,
        ),
        state=entry.state,
        tokens=entry.weight,
        text=piece.text,
        reason=entry.reason,
        label=entry.label.strip(),
        problem=UNWRITTEN if is_draft and not piece.text else "",
        summarised=summaries.get(piece.summary) if piece.summary else None,
    )
