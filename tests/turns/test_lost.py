"""An answer whose process dies, or hangs, before it is called comes back so often and no oftener."""

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.utils import timezone

from conversations import line
from conversations.line.rows import MOST_CLAIMS
from conversations.models import Gate as GateRow
from conversations.models import Message, Role, Status
from conversations.transcript import notice_of
from conversations.turns import background, dispatch, process, sweeps
from conversations.turns.sharing import others
from conversations.turns.writing import store
from tests.people import make_conversation, say
from tests.turns_kit import ended, send, until
from tests.upstream_server import Gate, content, done, finish, role_chunk

HERE = others.PROCESS
LONG_AGO = timedelta(hours=1)


@pytest.fixture
def stands(transactional_db, alice, prices):
    """Puts one more into the line, in a chat of its own."""
    GateRow.objects.create(pk=1)

    def put(**fields):
        chat = make_conversation(alice)
        question = say(chat, Role.USER, "Tea?")
        moments = {"queued_at": timezone.now(), "model": chat.model}
        return say(
            chat, Role.ASSISTANT, "", question, **(moments | {"status": Status.QUEUED} | fields)
        )

    return put


def is_lost():
    """Whoever took them is gone, and the next process notices."""
    Message.objects.claimed().update(beat=timezone.now() - LONG_AGO)
    sweeps.end_all_dead_answers()


def claims_of(answer):
    return Message.objects.values_list("claims", flat=True).get(pk=answer.pk)


def taken(look):
    return [one.answer for one in look.taken]


def given_up(look):
    return [(one.answer, one.failure) for one in look.given_up]


def test_one_that_is_lost_each_time_is_given_up(stands):
    answer = stands()
    for _ in range(MOST_CLAIMS):
        assert taken(line.take(HERE, 9)) == [answer.pk]
        is_lost()

    look = line.take(HERE, 9)

    assert (taken(look), given_up(look)) == ([], [(answer.pk, "never_begun")])
    assert store.give_up(look.given_up[0])
    found = Message.objects.get(pk=answer.pk)
    assert (found.status, found.failure, found.call) == (Status.FAILED, "never_begun", None)
    assert notice_of(found).actions == ("retry",)


def test_so_it_is_where_the_only_process_begins_anew_each_time(stands):
    answer = stands()
    for _ in range(MOST_CLAIMS):
        assert taken(line.take(HERE, 9)) == [answer.pk]
        sweeps.end_all_answers_before(timezone.now() + timedelta(seconds=1))
        line.adopt(HERE)

    assert given_up(line.take(HERE, 9)) == [(answer.pk, "never_begun")]


def test_one_that_is_to_stop_is_stopped_all_the_same(stands):
    answer = stands(claims=MOST_CLAIMS, stop_asked=True)

    look = line.take(HERE, 9)

    assert ([one.answer for one in look.stopped], look.given_up) == ([answer.pk], ())


def test_a_call_that_is_made_begins_the_count_anew(stands):
    answer = stands(claims=MOST_CLAIMS - 1)
    [mine] = line.take(HERE, 9).taken
    assert claims_of(answer) == MOST_CLAIMS

    assert store.begin_call(mine.answer, mine.run)

    assert claims_of(answer) == 0


def test_one_that_its_process_gives_back_was_not_lost(stands):
    answer = stands(claims=1)
    [mine] = line.take(HERE, 9).taken

    assert store.give_back(mine.answer, mine.run)

    assert claims_of(answer) == 1


def test_those_who_were_lost_together_go_one_by_one(stands):
    """One of them kills its process; the others must not be given up with it."""
    deadly, *others_ = [stands() for _ in range(4)]
    fates = {each.pk: "waits" for each in (deadly, *others_)}
    assert len(taken(line.take(HERE, 9))) == 4
    is_lost()

    for _ in range(20):
        look = line.take(HERE, 9)
        for mine in look.given_up:
            assert store.give_up(mine)
            fates[mine.answer] = mine.failure
        if deadly.pk in taken(look):
            is_lost()
            continue
        for mine in look.taken:
            assert store.begin_call(mine.answer, mine.run)
            fates[mine.answer] = "called"
            # Its place is free for the next.
            Message.objects.filter(pk=mine.answer).update(status=Status.COMPLETE)

    assert fates == {deadly.pk: "never_begun"} | {each.pk: "called" for each in others_}


def test_they_wait_with_their_places_meanwhile(stands):
    first, second, third = [stands(claims=1) for _ in range(3)]

    look = line.take(HERE, 9)

    assert taken(look) == [first.pk]
    assert [look.waits[each.pk].place for each in (second, third)] == [1, 2]
    assert taken(line.take(HERE, 9)) == []


async def test_one_that_cannot_be_begun_for_a_fault_of_ours_is_given_up(
    conversation, upstream, monkeypatch
):
    def broken(*_):
        raise RuntimeError("a fault")

    monkeypatch.setattr(store, "answer_of", broken)
    monkeypatch.setattr(dispatch, "LONGEST_PAUSE", 0.01)

    found = await ended((await send(conversation)).answer)

    assert (found.status, found.failure) == (Status.FAILED, "never_begun")
    assert upstream.requests == []


async def test_it_is_given_up_by_the_process_that_comes_after_and_can_be_tried_again(
    conversation, upstream, settings
):
    settings.MAX_CALLS = 0
    answer = (await send(conversation)).answer
    await Message.objects.filter(pk=answer.pk).aupdate(claims=MOST_CLAIMS)
    settings.MAX_CALLS = 1

    await process.recover(is_alone=True)

    found = await ended(answer)
    assert (found.status, found.failure) == (Status.FAILED, "never_begun")
    again = await background.retry(
        conversation.owner, conversation, found, client_id=conversation.pk
    )
    assert (await ended(again.answer)).status == Status.COMPLETE


async def test_a_continuation_begins_the_count_anew(conversation, upstream):
    answer = (await send(conversation)).answer
    found = await ended(answer)
    await Message.objects.filter(pk=answer.pk).aupdate(claims=MOST_CLAIMS)

    await background.continue_answer(conversation.owner, conversation, found, conversation.pk)

    assert (await ended(answer)).status == Status.COMPLETE


def test_only_so_many_times_where_it_is_lost_as_it_is_given_up(stands):
    """The one that ends it may die as well; the next one ends it."""
    answer = stands(claims=MOST_CLAIMS)
    for _ in range(3):
        [mine] = line.take(HERE, 9).given_up
        is_lost()

    [mine] = line.take(HERE, 9).given_up
    assert store.give_up(mine)
    assert Message.objects.get(pk=answer.pk).status == Status.FAILED
    assert claims_of(answer) == MOST_CLAIMS


async def test_the_next_goes_as_soon_as_the_one_before_has_called(
    conversation, upstream, settings, monkeypatch
):
    """None of them ends before all are there, and nobody looks by the clock."""
    monkeypatch.setattr(dispatch, "LONGEST_PAUSE", 600)
    settings.MAX_CALLS = 0
    gate = Gate()
    upstream.play(role_chunk(), content("Hello"), gate, finish(), done(), times=None)
    make = sync_to_async(make_conversation)
    chats = [conversation, *[await make(conversation.owner) for _ in range(3)]]
    answers = [(await send(chat)).answer for chat in chats]
    await Message.objects.in_line().aupdate(claims=1)
    settings.MAX_CALLS = settings.MAX_ANSWERS_PER_PERSON = 9

    await dispatch.advance()

    await until(lambda: len(upstream.requests) == len(answers))
    gate.open()
    for answer in answers:
        assert (await ended(answer)).status == Status.COMPLETE


async def test_one_that_cannot_be_given_back_keeps_no_other_from_its_turn(
    conversation, upstream, settings, monkeypatch
):
    settings.MAX_CALLS = 0
    settings.TAKEOVER_SECONDS = 600
    other = await sync_to_async(make_conversation)(conversation.owner)
    first, second = [(await send(chat)).answer for chat in (conversation, other)]
    find = store.answer_of

    def away(*_, **__):
        raise OperationalError

    monkeypatch.setattr(
        store, "answer_of", lambda taken: away() if taken.answer == first.pk else find(taken)
    )
    monkeypatch.setattr(store, "give_back", away)
    monkeypatch.setattr(dispatch, "GIVE_BACK_SECONDS", 0.1)
    settings.MAX_CALLS = settings.MAX_ANSWERS_PER_PERSON = 9

    await dispatch.advance()

    assert (await ended(second)).status == Status.COMPLETE
    assert (await Message.objects.aget(pk=first.pk)).is_running
    # It ends with the test.
    await Message.objects.running().aupdate(status=Status.STOPPED)


def test_one_that_is_given_up_counts_before_nobody(stands, settings):
    settings.MAX_CALLS = 1
    stands(claims=MOST_CLAIMS)
    first, second = stands(), stands()

    waits = line.survey()

    assert [waits.get(each.pk) and waits[each.pk].place for each in (first, second)] == [None, 1]
