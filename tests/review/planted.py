"""One word planted wherever words are stored, and ways to look for it in the whole database."""

from django.contrib.auth.models import User
from django.db import connection

from conversations.context import Context, Entry, Piece, State
from conversations.models import (
    Completion,
    Conversation,
    DayUsage,
    Flag,
    Message,
    Note,
    Preset,
    Purpose,
    ResponseFormat,
    Role,
    Spending,
    Summary,
)
from conversations.threads import set_system_message
from tests.admin.ledger import book
from tests.people import make_conversation, say

WORD = "zqxjkvwyf"

FIGURES = [
    field.name
    for field in Completion._meta.concrete_fields
    if field.name not in {"message", "parameters", "context", "context_note", "error_detail"}
]


def plant(owner: User, word: str = WORD, **fields) -> Conversation:
    """A conversation with calls, that says the word in every place that there is for words."""
    schema = {"name": "a", "schema": {"type": "object", "title": word}}
    made = make_conversation(
        owner,
        title=f"About {word}",
        stop=[word],
        json_schema=schema,
        response_format=ResponseFormat.JSON_SCHEMA,
        preset=Preset.objects.create(owner=owner, name="Mine", model="m"),
        **fields,
    )
    set_system_message(made, f"Speak of {word}.")
    question = say(made, Role.USER, f"What is {word}?")
    answer = say(
        made,
        Role.ASSISTANT,
        f"It is {word}.",
        reasoning=f"They ask for {word}.",
        html=f"<p>It is {word}.</p>",
        format_problem=f"{word} is no JSON",
    )
    call = book(answer, **_record(question, word), **_asked(schema, word))
    summary = book(None, made, purpose=Purpose.SUMMARY, error="bad_request", error_detail=word)
    Summary.objects.create(
        conversation=made, through=answer, text=word, covers_sha256="0", call=summary
    )
    Flag.objects.create(
        conversation=made,
        message=answer,
        reason="wrong",
        words=word,
        outcome=word,
        raised_by_name="carol",
    )
    Note.objects.create(conversation=made, author_name="carol", text=word)
    assert call.context[-1]["literal"].endswith(word)
    return made


def _record(question: Message, word: str) -> dict:
    pieces = [
        Piece(question.pk, "user", question.text, 8),
        Piece(None, "system", f"Summary: {word}", 8),
    ]
    context = Context(tuple(Entry(piece, State.SENT) for piece in pieces), 20)
    return {"context": context.record(), "context_sha256": context.sha256()}


def _asked(schema: dict, word: str) -> dict:
    form = {"type": "json_schema", "json_schema": schema}
    return {
        "parameters": {"model": "m", "max_tokens": 9, "stop": [word], "response_format": form},
        "context_note": f"The provider said {word}.",
        "error_detail": word,
    }


def places_of(word: str = WORD) -> set[str]:
    """Every column of every table, the search index's own included, that holds the word."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                found |= {
                    f"{table}.{name}"
                    for name, value in zip(names, row, strict=True)
                    if word in str(value).lower()
                }
    return found


def figures() -> dict[str, list]:
    """All that money and statistics are made of."""
    totals = ("pk", "prompt_tokens", "completion_tokens", "cost", "calls", "calls_of_unknown_cost")
    return {
        "calls": list(Completion.objects.order_by("pk").values_list(*FIGURES)),
        "days": list(DayUsage.objects.order_by("pk").values_list()),
        "spending": list(Spending.objects.order_by("pk").values_list()),
        "conversations": list(Conversation.objects.order_by("pk").values_list(*totals)),
    }
