"""Other versions of a question and of an answer, and answers to what has none yet."""

import uuid

import pytest
from asgiref.sync import sync_to_async

from conversations import threads, turns
from conversations.errors import AnswerRunning, InvalidInput, ThreadMoved
from conversations.models import Message, Role, Standing
from tests.people import say
from tests.turns_kit import ended, reached, send
from tests.upstream_server import Gate, answer, role_chunk


async def edit(conversation, old, text="Which tea, please?", client_id=None):
    return await turns.edit(conversation.owner, conversation, old, text, client_id or uuid.uuid4())


async def asked(conversation, text="Which tea?"):
    admitted = await send(conversation, text)
    return admitted.question, await ended(admitted.answer)


async def path_texts(conversation):
    await conversation.arefresh_from_db(fields=["current_leaf"])
    path = await sync_to_async(threads.path_to)(conversation, conversation.current_leaf_id)
    return [message.text for message in path]


async def test_an_edited_question_is_a_sibling_with_an_answer_of_its_own(conversation, upstream):
    upstream.play(*answer("Green."), when="Which tea?")
    upstream.play(*answer("Green, dear."), when="Which tea, please?")
    question, _ = await asked(conversation)

    admitted = await edit(conversation, question)
    await ended(admitted.answer)

    assert admitted.question.parent_id == question.parent_id
    assert await path_texts(conversation) == ["Which tea, please?", "Green, dear."]
    assert await Message.objects.acount() == 4
    assert upstream.requests[1].body["messages"] == [
        {"role": "user", "content": "Which tea, please?"}
    ]


async def test_stepping_back_leads_to_where_one_was(conversation, upstream):
    question, _ = await asked(conversation)
    await asked(conversation, "And?")
    before = await path_texts(conversation)

    admitted = await edit(conversation, question)
    await ended(admitted.answer)
    question = await Message.objects.aget(pk=question.pk)
    await sync_to_async(threads.switch_to)(conversation, question)

    assert await path_texts(conversation) == before


@pytest.mark.parametrize(
    ("standing", "then"),
    [(Standing.PINNED, Standing.PINNED), (Standing.EXCLUDED, Standing.FREE)],
)
async def test_a_new_version_stays_pinned_and_is_not_excluded(
    conversation, upstream, standing, then
):
    question, _ = await asked(conversation)
    await sync_to_async(threads.set_standing)(question, standing)

    admitted = await edit(conversation, await Message.objects.aget(pk=question.pk))
    await ended(admitted.answer)

    assert admitted.question.standing == then


async def test_the_same_edit_twice_is_one_version(conversation, upstream):
    question, _ = await asked(conversation)
    client_id = uuid.uuid4()

    first = await edit(conversation, question, client_id=client_id)
    again = await edit(conversation, question, client_id=client_id)
    await ended(first.answer)

    assert first.answer.pk == again.answer.pk
    assert await Message.objects.acount() == 4


async def test_only_a_persons_message_is_sent_as_another_version(conversation, upstream):
    _, reply = await asked(conversation)

    with pytest.raises(InvalidInput):
        await edit(conversation, reply)
    with pytest.raises(InvalidInput):
        await edit(conversation, await Message.objects.aget(role=Role.USER), "  \n")


async def test_nothing_is_edited_while_an_answer_runs(conversation, upstream):
    gate = Gate()
    upstream.play(role_chunk(), gate, *answer("Green.")[1:])
    admitted = await send(conversation)
    await reached(gate)

    with pytest.raises(AnswerRunning):
        await edit(conversation, admitted.question)
    gate.open()


async def test_an_answer_is_tried_again_with_another_model(conversation, upstream):
    _, reply = await asked(conversation)

    admitted = await turns.retry(
        conversation.owner, conversation, reply, uuid.uuid4(), model="gpt-4o"
    )
    found = await ended(admitted.answer)

    assert upstream.requests[1].body["model"] == "gpt-4o"
    assert (found.model, found.call.model) == ("gpt-4o", "gpt-4o")
    await conversation.arefresh_from_db()
    assert conversation.model == "gpt-4o-mini"


async def test_an_excluded_question_is_not_answered_again(conversation, upstream):
    question, reply = await asked(conversation)
    await sync_to_async(threads.set_standing)(question, Standing.EXCLUDED)
    reply = await Message.objects.select_related("parent").aget(pk=reply.pk)

    with pytest.raises(InvalidInput, match="Bring it back"):
        await turns.retry(conversation.owner, conversation, reply, uuid.uuid4())
    assert len(upstream.requests) == 1


async def test_a_question_without_an_answer_gets_one(conversation, upstream):
    question = await sync_to_async(say)(conversation, Role.USER, "Which tea?")
    upstream.play(*answer("Green."))

    admitted = await turns.answer(conversation.owner, conversation, question, uuid.uuid4())
    await ended(admitted.answer)

    assert await path_texts(conversation) == ["Which tea?", "Green."]


async def test_only_the_last_message_gets_an_answer_so(conversation, upstream):
    question, reply = await asked(conversation)

    with pytest.raises(ThreadMoved):
        await turns.answer(conversation.owner, conversation, question, uuid.uuid4())
    with pytest.raises(InvalidInput):
        await turns.answer(conversation.owner, conversation, reply, uuid.uuid4())
