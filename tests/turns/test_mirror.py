"""An answer that another process writes: what is shown of it here, by hints and by the database."""

import asyncio
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from conversations import rendering
from conversations.models import Conversation, Message, Role, Status
from conversations.turns.sharing import broadcasts, live, mirror
from conversations.turns.writing.showing import Showing
from tests.people import say
from tests.turns_kit import Watcher, until

RUN = uuid.UUID("0f0e0d0c-0000-4000-8000-000000000001")
SOURCE = live.source_of(RUN)


@pytest.fixture(autouse=True)
def at_once(monkeypatch, quick):
    monkeypatch.setattr(mirror, "READ_SECONDS", 0.1)
    monkeypatch.setattr(mirror, "GAP_SECONDS", 0.02)


class Elsewhere:
    """The process that writes the answer, as far as this one sees it."""

    def __init__(self, answer):
        self.answer = answer

    async def store(self, text, reasoning="", **fields):
        changes = {"text": text, "reasoning": reasoning, **fields}
        await Message.objects.filter(pk=self.answer.pk).aupdate(**changes)

    async def end(self, text, status=Status.COMPLETE):
        @sync_to_async
        def at_once():
            with transaction.atomic():
                found = Message.objects.filter(pk=self.answer.pk)
                found.update(text=text, reasoning="", status=status, html=rendering.render(text))
                return Conversation.objects.note_change(self.answer.conversation_id)

        return await at_once()

    def hint(self, begin, text, thought_begin=0, thought="", source=SOURCE):
        mirror.hear(
            {
                "answer": str(self.answer.pk),
                "source": source,
                "begin": begin,
                "text": text,
                "thought_begin": thought_begin,
                "thought": thought,
            }
        )


@pytest.fixture
def talk(conversation):
    say(conversation, Role.USER, "Hello?")
    return conversation


async def written(talk, text="", reasoning="", **fields):
    running = {"status": Status.STREAMING, "run": RUN, "reasoning": reasoning, **fields}
    answer = await sync_to_async(say)(talk, Role.ASSISTANT, text, **running)
    return Elsewhere(answer)


async def followed(talk, elsewhere):
    """A watcher, from the moment that the answer is shown here."""
    watcher = Watcher(talk)
    broadcasts.told(talk.pk).begin(talk.changes)
    mirror.follow(elsewhere.answer.pk, talk.pk)
    await until(lambda: broadcasts.AnswerFollowed(elsewhere.answer.pk) in watcher.events)
    return watcher


def shown(talk, elsewhere):
    return live.shown(talk.pk, elsewhere.answer.pk)


def text_of(watcher, begin=0):
    """The text of all frames, which must join."""
    text = ""
    for frame in watcher.frames():
        assert frame.begin == begin + len(text)
        assert frame.end == frame.begin + len(frame.text)
        text += frame.text
    return text


async def test_it_begins_with_what_is_stored(talk):
    elsewhere = await written(talk, "So far", "I thought")

    await followed(talk, elsewhere)

    now = shown(talk, elsewhere)
    assert (now.position, now.reasoning) == (6, "I thought")
    assert "So far" in now.settled + now.tail
    assert now.source not in (0, SOURCE)


async def test_without_hints_the_database_is_read(talk):
    elsewhere = await written(talk, "One ")
    watcher = await followed(talk, elsewhere)

    for text in ("One two ", "One two three ", "One two three four"):
        await elsewhere.store(text)
        await until(lambda text=text: shown(talk, elsewhere).position == len(text))

    assert text_of(watcher, 4) == "two three four"


async def test_hints_are_shown_without_the_database(talk):
    elsewhere = await written(talk, "One ")
    watcher = await followed(talk, elsewhere)

    elsewhere.hint(4, "two ")
    elsewhere.hint(8, "three")
    await until(lambda: shown(talk, elsewhere).position == 13)

    assert text_of(watcher, 4) == "two three"
    assert (await Message.objects.aget(pk=elsewhere.answer.pk)).text == "One "


async def test_a_hint_that_was_lost_is_made_up_for(talk):
    elsewhere = await written(talk, "One ")
    watcher = await followed(talk, elsewhere)

    elsewhere.hint(8, "three ")
    await elsewhere.store("One two ")
    await until(lambda: shown(talk, elsewhere).position == 14)

    assert text_of(watcher, 4) == "two three "


async def test_a_hint_that_comes_twice_or_late_is_shown_once(talk):
    elsewhere = await written(talk, "One ")
    watcher = await followed(talk, elsewhere)

    for begin, text in ((4, "two "), (4, "two "), (0, "One two three"), (2, "e ")):
        elsewhere.hint(begin, text)
        await asyncio.sleep(0.03)
    await until(lambda: shown(talk, elsewhere).position == 13)

    assert text_of(watcher, 4) == "two three"


async def test_reasoning_comes_both_ways(talk):
    elsewhere = await written(talk, "", "Let ")
    watcher = await followed(talk, elsewhere)

    elsewhere.hint(0, "", 4, "me ")
    await until(lambda: shown(talk, elsewhere).reasoning == "Let me ")
    await elsewhere.store("Yes", "Let me think")
    await until(lambda: shown(talk, elsewhere).position == 3)

    assert shown(talk, elsewhere).reasoning == "Let me think"
    assert "".join(frame.reasoning for frame in watcher.frames()) == "me think"


async def test_a_run_that_is_over_is_not_believed(talk):
    elsewhere = await written(talk, "One ")
    watcher = await followed(talk, elsewhere)

    elsewhere.hint(4, "never", source=SOURCE + 1)
    await elsewhere.store("One two")
    await until(lambda: shown(talk, elsewhere).position == 7)

    assert text_of(watcher, 4) == "two"


async def test_another_run_is_followed_anew(talk):
    elsewhere = await written(talk, "One ")
    await followed(talk, elsewhere)
    elsewhere.hint(4, "lost with its process")
    await until(lambda: shown(talk, elsewhere).position > 4)

    await elsewhere.store("One ", run=uuid.uuid4())

    await until(lambda: shown(talk, elsewhere) is None)


async def test_the_end_is_told_once(talk):
    elsewhere = await written(talk, "One ")
    watcher = await followed(talk, elsewhere)

    changes = await elsewhere.end("One two")
    ended = broadcasts.AnswerEnded(elsewhere.answer.pk, changes)
    await until(lambda: ended in watcher.events)
    await broadcasts.tell_here(talk.pk, ended)

    assert watcher.events.count(ended) == 1
    assert shown(talk, elsewhere) is None


async def test_after_a_hint_of_the_end_nothing_is_shown_here_any_more(talk):
    elsewhere = await written(talk, "One ")
    watcher = await followed(talk, elsewhere)

    changes = await elsewhere.end("One two")
    await broadcasts.tell_here(talk.pk, broadcasts.AnswerEnded(elsewhere.answer.pk, changes))

    assert shown(talk, elsewhere) is None
    await asyncio.sleep(0.2)
    assert watcher.events[-1] == broadcasts.AnswerEnded(elsewhere.answer.pk, changes)


async def test_it_gives_way_to_a_runner_of_this_process(talk):
    elsewhere = await written(talk, "One ")
    await followed(talk, elsewhere)

    class Runner:
        conversation_id = talk.pk
        shown = live.Shown(4, source=7)

    runner = Runner()
    live.enter(elsewhere.answer.pk, runner)
    try:
        assert shown(talk, elsewhere).source == 7
        assert mirror.mirrors() == ()
    finally:
        live.leave(elsewhere.answer.pk, runner)


async def test_a_strangers_conversation_sees_nothing_of_it(talk):
    elsewhere = await written(talk, "Secret")
    await followed(talk, elsewhere)

    assert live.shown(uuid.uuid4(), elsewhere.answer.pk) is None


@pytest.mark.parametrize("is_json", [False, True])
async def test_what_it_shows_in_the_end_is_what_one_renderer_would(talk, is_json):
    text = '{"a": [1, 2]}' if is_json else "# One\n\n- two\n- three\n\n```py\nx = 1\n```\n\nEnd"
    given = {"response_format": "json_object"} if is_json else {}
    elsewhere = await written(talk, text[:3], **given)
    await followed(talk, elsewhere)

    for end in range(4, len(text) + 1):
        if end % 3:
            elsewhere.hint(end - 1, text[end - 1 : end])
        else:
            await elsewhere.store(text[:end])
    await elsewhere.store(text)
    await until(lambda: shown(talk, elsewhere).position == len(text))

    now = shown(talk, elsewhere)
    alone = await Showing.of(await Message.objects.aget(pk=elsewhere.answer.pk), 0)
    assert now.settled + now.tail == alone.shown.settled + alone.shown.tail
