"""Answers in JSON: asked for, shown as such, checked."""

import pytest

from conversations.errors import JsonNotMentioned
from conversations.models import Message, Status
from tests.turns_kit import ended, reached, send
from tests.upstream_server import Gate, answer, content, role_chunk

SCHEMA = {
    "type": "object",
    "properties": {"tea": {"type": "string"}},
    "required": ["tea"],
}


@pytest.fixture
def in_json(conversation):
    conversation.response_format = "json_object"
    conversation.save()
    return conversation


@pytest.fixture
def by_schema(conversation):
    conversation.response_format = "json_schema"
    conversation.json_schema = SCHEMA
    conversation.save()
    return conversation


async def test_it_is_asked_for_by_the_parameter(in_json, upstream):
    await ended((await send(in_json, "Tea as JSON")).answer)

    assert upstream.requests[0].body["response_format"] == {"type": "json_object"}


async def test_a_schema_goes_along(by_schema, upstream):
    await ended((await send(by_schema, "Tea as JSON")).answer)

    asked = upstream.requests[0].body["response_format"]
    assert asked["json_schema"]["schema"] == SCHEMA


async def test_without_the_word_nothing_is_sent_and_nothing_stored(in_json, upstream):
    with pytest.raises(JsonNotMentioned, match="JSON"):
        await send(in_json, "Tea?")

    assert upstream.requests == []
    assert await Message.objects.acount() == 0


async def test_the_answer_is_shown_formatted_and_kept_as_it_came(in_json, upstream):
    upstream.play(*answer('{"tea":"green","cups":1.50}'))

    found = await ended((await send(in_json, "Tea as JSON")).answer)

    assert (found.text, found.format_problem) == ('{"tea":"green","cups":1.50}', "")
    assert found.html.count("\n") > 2
    assert "1.50" in found.html
    assert "language-json" in found.html or "json" in found.html.lower()


async def test_it_is_a_block_of_code_while_it_comes(in_json, upstream):
    from conversations import turns

    gate = Gate()
    upstream.play(role_chunk(), content('{"tea": "**gre'), gate, *answer('en**"}')[1:])

    admitted = await send(in_json, "Tea as JSON")
    await reached(gate)
    shown = turns.shown(in_json.pk, admitted.answer.pk)
    gate.open()
    found = await ended(admitted.answer)

    assert shown.position == len('{"tea": "**gre')
    assert "<strong>" not in shown.settled + shown.tail
    assert "**gre" in shown.settled + shown.tail
    assert found.text == '{"tea": "**green**"}'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"tea": "green"}', ""),
        ('{"tea": 1}', "does not match the schema"),
        ("{}", "'tea' is a required property"),
        ("Here you are: green", "not valid JSON"),
    ],
)
async def test_it_is_checked_against_the_schema(by_schema, upstream, text, problem):
    upstream.play(*answer(text))

    found = await ended((await send(by_schema, "Tea as JSON")).answer)

    assert found.status == Status.COMPLETE
    assert problem in found.format_problem
    assert bool(problem) == bool(found.format_problem)


async def test_one_that_was_cut_off_says_so(in_json, upstream):
    upstream.play(*answer('{"tea": "gre', reason="length"))

    found = await ended((await send(in_json, "Tea as JSON")).answer)

    assert "cut off" in found.format_problem
