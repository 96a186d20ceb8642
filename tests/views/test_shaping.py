import uuid

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from django.utils import timezone

from conversations import turns
from conversations.models import Beginning, Conversation, Message, Origin, Role, Standing, Status
from tests.people import make_conversation, say
from tests.turns_kit import Watcher, ended
from tests.upstream_server import Gate, answer, content, done, finish, hang, role_chunk

HTMX = {"HX-Request": "true"}

# What each act sends besides the message that it is about.
ACTS = {
    "edit": {"text": "Other words", "client_id": str(uuid.uuid4())},
    "continue": {"client_id": str(uuid.uuid4())},
    "answer": {"client_id": str(uuid.uuid4())},
    "write": {"text": "By hand", "role": "user", "client_id": str(uuid.uuid4())},
    "standing": {"standing": "pinned"},
    "delete": {},
    "restore": {},
    "branch": {},
}


def fresh(form):
    return form | ({"client_id": str(uuid.uuid4())} if "client_id" in form else {})


@pytest.fixture
async def page(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


@pytest.fixture
def talk(conversation):
    """A question, its answer, another question and an answer that was stopped."""
    for role, text in [(Role.USER, "Hi"), (Role.ASSISTANT, "Hello"), (Role.USER, "Tea?")]:
        say(conversation, role, text)
    say(conversation, Role.ASSISTANT, "Green", status=Status.STOPPED, model="gpt-4o-mini")
    return conversation


async def post(page, path, form=None):
    return await page.post(path, form or {}, headers=HTMX)


async def act(page, conversation, words, name, **form):
    """Do this to the message of these words."""
    message = await conversation.messages.aget(text=words)
    path = f"/c/{conversation.pk}/messages/{message.pk}/{name}/"
    return await post(page, path, fresh(ACTS[name]) | form)


async def shown(page, conversation):
    """The words on the page, as (role, words), without what stands around them."""
    from conversations import transcript

    await conversation.arefresh_from_db()
    exchanges = await sync_to_async(transcript.exchanges_of)(conversation)
    return [turn.message.text for exchange in exchanges for turn in exchange.turns]


async def newest():
    return await Message.objects.alatest("created_at")


# --- with an answer -------------------------------------------------------------------------


async def test_an_edited_question_is_another_version_with_its_answer(page, talk, upstream):
    upstream.play(*answer("Black"))

    response = await act(page, talk, "Tea?", "edit", text="Coffee?")

    html = response.content.decode()
    assert response.status_code == 202
    assert "Coffee?" in html
    assert "2/2" in html
    await ended(await newest())
    assert await shown(page, talk) == ["Hi", "Hello", "Coffee?", "Black"]
    assert [each["content"] for each in upstream.requests[0].body["messages"]] == [
        "Hi",
        "Hello",
        "Coffee?",
    ]


async def test_the_branch_of_the_old_version_is_whole(page, talk, upstream):
    old = await talk.messages.aget(text="Hi")
    await act(page, talk, "Hi", "edit", text="Good day")
    await ended(await newest())

    await post(page, f"/c/{talk.pk}/messages/{old.pk}/switch/")

    assert await shown(page, talk) == ["Hi", "Hello", "Tea?", "Green"]


@pytest.mark.parametrize(("text", "form"), [("Hello", {}), ("Tea?", {"send": "no"})])
async def test_a_version_can_be_saved_without_a_call(page, talk, upstream, text, form):
    response = await act(page, talk, text, "edit", text="Rewritten", **form)

    made = await newest()
    assert response.status_code == 200
    assert response.headers["Chat-Turn"] == str(made.pk)
    assert made.origin == Origin.WRITTEN
    assert (await shown(page, talk))[-1] == "Rewritten"
    assert upstream.requests == []


async def test_a_repeated_edit_changes_nothing(page, talk, upstream):
    old = await talk.messages.aget(text="Hello")
    form = fresh(ACTS["edit"])

    for _ in range(2):
        await post(page, f"/c/{talk.pk}/messages/{old.pk}/edit/", form)

    assert await talk.messages.filter(parent=old.parent_id).acount() == 2


async def test_an_answer_can_be_continued(page, talk, upstream):
    upstream.play(*answer(" or black."))
    running = await talk.messages.aget(text="Green")

    response = await act(page, talk, "Green", "continue")

    assert response.status_code == 202
    assert f'data-message-id="{running.pk}"' in response.content.decode()
    assert (await ended(running)).text == "Green or black."
    assert await talk.messages.acount() == 4


async def test_a_message_without_answer_can_get_one(page, conversation, upstream):
    await sync_to_async(say)(conversation, Role.USER, "Tea?")
    upstream.play(*answer("Green"))

    before = (await page.get(f"/c/{conversation.pk}/log/")).content.decode()
    response = await act(page, conversation, "Tea?", "answer")

    assert "Get an answer" in before
    assert response.status_code == 202
    assert "Get an answer" not in response.content.decode()
    await ended(await newest())
    assert await shown(page, conversation) == ["Tea?", "Green"]


async def test_a_retry_may_ask_another_model(page, talk, upstream):
    old = await talk.messages.aget(text="Green")
    form = {"client_id": str(uuid.uuid4()), "model": "gpt-4o"}

    response = await post(page, f"/c/{talk.pk}/messages/{old.pk}/retry/", form)

    assert response.status_code == 202
    assert (await ended(await newest())).model == "gpt-4o"
    assert upstream.requests[0].body["model"] == "gpt-4o"
    await talk.arefresh_from_db()
    assert talk.model == "gpt-4o-mini"


@pytest.mark.parametrize("model", ["<b>", "gpt-5-pro"])
async def test_a_retry_asks_no_model_that_cannot_answer(page, talk, upstream, prices, model):
    old = await talk.messages.aget(text="Green")
    form = {"client_id": str(uuid.uuid4()), "model": model}

    response = await post(page, f"/c/{talk.pk}/messages/{old.pk}/retry/", form)

    assert (response.status_code, response.headers["HX-Retarget"]) == (422, "#notice")
    assert await talk.messages.acount() == 4


async def test_a_fresh_start_leads_to_a_new_chat(page, talk, upstream):
    upstream.play(*answer("They spoke of tea."))

    response = await post(page, f"/c/{talk.pk}/fresh/", {"client_id": str(uuid.uuid4())})

    made = await Conversation.objects.aget(beginning=Beginning.FRESH_START)
    assert (response.status_code, response.headers["HX-Redirect"]) == (202, f"/c/{made.pk}/")
    await ended(await made.messages.aget(role=Role.ASSISTANT))
    html = (await page.get(f"/c/{made.pk}/")).content.decode()
    assert "Fresh start of" in html
    assert f'href="/c/{talk.pk}/"' in html


# --- by hand --------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role.values)
async def test_a_message_can_be_written_in_between(page, talk, upstream, role):
    response = await act(page, talk, "Hello", "write", role=role)

    assert response.status_code == 200
    assert response.headers["Chat-Turn"] == str((await newest()).pk)
    assert await shown(page, talk) == ["Hi", "Hello", "By hand", "Tea?", "Green"]
    assert "Written by hand" in response.content.decode()
    assert upstream.requests == []


async def test_a_message_can_be_written_at_the_very_start(page, talk):
    response = await post(page, f"/c/{talk.pk}/write/", fresh(ACTS["write"]))

    assert response.status_code == 200
    assert (await shown(page, talk))[0] == "By hand"


async def test_a_chat_can_begin_by_hand(page, upstream):
    form = fresh(ACTS["write"]) | {"model": "gpt-4o-mini", "system_message": "Be brief."}

    responses = [await post(page, "/c/write/", form) for _ in range(2)]

    made = await Conversation.objects.select_related("system_message").aget()
    assert [each.headers["HX-Redirect"] for each in responses] == [f"/c/{made.pk}/"] * 2
    assert (made.title, made.system_message.text) == ("By hand", "Be brief.")
    assert upstream.requests == []


# --- what counts ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("standing", "words"), [("pinned", "Pinned"), ("excluded", "Not sent: excluded")]
)
async def test_a_message_can_be_pinned_and_excluded_and_freed(page, talk, standing, words):
    response = await act(page, talk, "Hello", "standing", standing=standing)
    assert f">{words}<" in response.content.decode()
    assert (await talk.messages.aget(text="Hello")).standing == standing

    freed = await act(page, talk, "Hello", "standing", standing="free")
    assert f">{words}<" not in freed.content.decode()


async def test_a_deleted_message_is_a_line_and_can_be_brought_back(page, talk):
    response = await act(page, talk, "Hello", "delete")
    html = response.content.decode()
    assert "Message deleted. Later messages may refer to it." in html
    assert "Hello" not in html
    assert "Tea?" in html

    back = await act(page, talk, "Hello", "restore")
    assert "Message deleted" not in back.content.decode()
    assert "Hello" in back.content.decode()


async def test_a_branch_leads_to_a_new_chat_that_says_where_it_came_from(page, talk):
    response = await act(page, talk, "Hello", "branch")

    made = await Conversation.objects.aget(beginning=Beginning.BRANCH)
    assert (response.status_code, response.headers["HX-Redirect"]) == (202, f"/c/{made.pk}/")
    html = (await page.get(f"/c/{made.pk}/")).content.decode()
    assert f'Branched from <a href="/c/{talk.pk}/">“Tea”</a>' in html


async def test_a_branch_does_not_name_what_was_deleted(page, talk):
    await act(page, talk, "Hello", "branch")
    made = await Conversation.objects.aget(beginning=Beginning.BRANCH)
    await Conversation.objects.filter(pk=talk.pk).aupdate(deleted_at=timezone.now())

    html = (await page.get(f"/c/{made.pk}/")).content.decode()

    assert "Branched from" not in html


@pytest.mark.parametrize("name", ["write", "standing", "delete"])
async def test_other_pages_are_told(page, talk, name):
    watcher = Watcher(talk)

    await act(page, talk, "Hello", name)

    assert watcher.events == [turns.broadcasts.ThreadChanged()]


# --- who may, and what may be ---------------------------------------------------------------


@pytest.mark.parametrize("name", ACTS)
async def test_a_strangers_message_is_404(page, bob, conversation, upstream, name):
    foreign = await sync_to_async(make_conversation)(bob)
    secret = await sync_to_async(say)(foreign, Role.USER, "Secret")

    theirs = await act(page, foreign, "Secret", name)
    path = f"/c/{conversation.pk}/messages/{secret.pk}/{name}/"
    smuggled = await post(page, path, fresh(ACTS[name]))

    assert [theirs.status_code, smuggled.status_code] == [404, 404]
    assert (await Message.objects.aget()).standing == Standing.FREE
    assert await Conversation.objects.acount() == 2


@pytest.mark.parametrize("path", ["write", "fresh"])
async def test_a_strangers_chat_is_404(page, bob, upstream, path):
    foreign = await sync_to_async(make_conversation)(bob)

    response = await post(page, f"/c/{foreign.pk}/{path}/", fresh(ACTS["write"]))

    assert response.status_code == 404


@pytest.mark.parametrize("name", ACTS)
async def test_without_a_session_it_is_401(talk, name):
    response = await act(AsyncClient(), talk, "Hello", name)

    assert response.status_code == 401
    assert "Sign in again" in response.content.decode()


@pytest.mark.parametrize("name", ACTS)
async def test_what_changes_something_takes_no_get(page, talk, name):
    message = await talk.messages.afirst()

    response = await page.get(f"/c/{talk.pk}/messages/{message.pk}/{name}/")

    assert response.status_code == 405


@pytest.mark.parametrize(
    ("text", "name", "form", "words"),
    [
        ("Hello", "edit", {"text": " \n"}, "Write a message first."),
        ("Tea?", "edit", {"text": " \n"}, "Write a message first."),
        ("Tea?", "edit", {"client_id": "x"}, "valid UUID"),
        ("Hello", "write", {"text": ""}, "Write a message first."),
        ("Hello", "write", {"role": "tool"}, "Select a valid choice"),
        ("Hello", "write", {"role": ""}, "Choose whose message it is."),
        ("Hello", "standing", {"standing": "upright"}, "Select a valid choice"),
        ("Hello", "continue", {}, "goes on after this answer"),
        ("Hello", "answer", {}, "Only a person"),
        ("Green", "continue", {"client_id": ""}, "required"),
    ],
)
async def test_bad_input_is_422_with_words(page, talk, upstream, text, name, form, words):
    before = await shown(page, talk)

    response = await act(page, talk, text, name, **form)

    assert (response.status_code, response.headers["HX-Retarget"]) == (422, "#notice")
    assert words in response.content.decode()
    assert await shown(page, talk) == before
    assert upstream.requests == []


@pytest.mark.parametrize("name", ["edit", "write"])
async def test_a_message_over_the_bound_is_refused(page, talk, settings, name):
    settings.MAX_MESSAGE_LENGTH = 10

    response = await act(page, talk, "Hello", name, text="Hello there!")

    assert response.status_code == 422
    assert "12 characters; 10 are allowed" in response.content.decode()


@pytest.mark.parametrize("name", ["edit", "continue", "answer", "write", "standing", "delete"])
async def test_the_system_message_of_the_settings_is_no_turn(page, talk, name):
    from conversations.threads import set_system_message

    await sync_to_async(set_system_message)(talk, "Be brief.")

    response = await act(page, talk, "Be brief.", name)

    assert response.status_code == 404


@pytest.mark.parametrize(
    ("name", "form", "status"),
    [
        ("edit", {}, 409),
        ("write", {}, 409),
        ("delete", {}, 409),
        ("restore", {}, 409),
        ("branch", {}, 202),
        ("standing", {}, 200),
    ],
)
async def test_the_question_of_a_running_answer_is_left_alone(
    page, conversation, upstream, name, form, status
):
    upstream.play(role_chunk(), content("Slow"), hang())
    await post(
        page, f"/c/{conversation.pk}/messages/", {"text": "Go", "client_id": str(uuid.uuid4())}
    )
    running = await newest()

    response = await act(page, conversation, "Go", name, **form)

    assert response.status_code == status
    await post(page, f"/c/{conversation.pk}/messages/{running.pk}/stop/")
    await ended(running)


async def test_what_runs_elsewhere_in_the_thread_is_not_disturbed(page, talk, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("Slow"), gate, content("ly."), finish("stop"), done())
    leaf = await talk.messages.aget(text="Green")
    form = {"text": "Go", "client_id": str(uuid.uuid4()), "parent": str(leaf.pk)}
    await post(page, f"/c/{talk.pk}/messages/", form)
    running = await newest()

    response = await act(page, talk, "Hello", "delete")
    gate.open()

    assert response.status_code == 200
    assert (await ended(running)).text == "Slowly."
