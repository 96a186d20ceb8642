import uuid

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client

from conversations.models import Conversation, Message, Origin, Preset, Role
from tests.people import make_conversation, say
from tests.turns_kit import ended

HTMX = {"HX-Request": "true"}
EXAMPLES = [{"role": "user", "text": "Hi <b>"}, {"role": "assistant", "text": "Hello!"}]
SOUND = {"system_message": "", "model": "gpt-4o-mini"}


@pytest.fixture
def page(alice, prices, settings):
    settings.DEMO_MODE = False
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def talk(alice):
    made = make_conversation(alice, temperature=0.3, stop=["END"], strategy="window")
    say(made, Role.USER, "Typed")
    say(made, Role.ASSISTANT, "Generated")
    say(made, Role.ASSISTANT, "By hand", origin=Origin.WRITTEN)
    return made


def make_preset(owner=None, name="Support", **fields):
    return Preset.objects.create(**{"owner": owner, "name": name, "model": "gpt-4o-mini", **fields})


def save(page, talk, name="Mine", **fields):
    return page.post(f"/c/{talk.pk}/presets/", {"name": name, **fields}, headers=HTMX)


# --- a new chat begins with one -------------------------------------------------------------


def test_an_empty_chat_offers_the_sites_and_ones_own(page, alice, bob):
    site, mine = make_preset(description="Answers <b>"), make_preset(alice, "Mine")
    make_preset(bob, "Bob's own")

    html = page.get("/").content.decode()

    assert f'href="/?preset={site.pk}"' in html
    assert f'href="/?preset={mine.pk}"' in html
    assert "Answers &lt;b&gt;" in html
    assert "Bob" not in html


def test_a_chat_in_progress_offers_none_to_start_from(page, talk):
    make_preset()

    assert "?preset=" not in page.get(f"/c/{talk.pk}/").content.decode()


def test_a_preset_fills_the_settings_and_shows_its_messages(page):
    made = make_preset(
        system_message="Be brief.", temperature=0.3, strategy="window", examples=EXAMPLES,
        strategy_numbers={"turns": 4},
    )  # fmt: skip

    html = page.get(f"/?preset={made.pk}").content.decode()

    assert f'<input type="hidden" name="preset" value="{made.pk}">' in html
    assert "Be brief.</textarea>" in html
    assert 'name="temperature" value="0.3"' in html
    assert 'name="number_turns" value="4"' in html
    assert '<option value="window" selected>' in html
    assert "Hi &lt;b&gt;" in html
    assert "Hello!" in html


def test_a_presets_messages_count_before_anything_is_sent(page):
    made = make_preset(examples=[{"role": "user", "text": "Hello"}], system_message="Hello")
    form = SOUND | {"text": "Hello", "preset": made.pk}

    # 3 to open the answer, 5 for each of the three messages.
    whole = page.post("/estimate/", form | {"system_message": "Hello"}).content.decode()
    preview = page.post("/preview/", form).content.decode()

    assert "≈ 18 tokens to send" in whole
    assert preview.count("Hello") >= 2
    assert "≈ 13 tokens to send" in page.get(f"/?preset={made.pk}").content.decode()
    assert not Message.objects.exists()


@pytest.mark.parametrize("whose", ["bob", "nobody", "nonsense"])
def test_a_foreign_preset_is_404(page, bob, whose):
    foreign = make_preset(bob)
    wanted = {"bob": foreign.pk, "nobody": foreign.pk + 1, "nonsense": "1 OR 1=1"}[whose]

    assert page.get("/", {"preset": wanted}).status_code == 404


def test_in_the_demo_a_preset_starts_with_the_demos_model(page, settings):
    settings.DEMO_MODE, settings.DEFAULT_MODEL = True, "demo"
    made = make_preset(model="gpt-4o-mini", temperature=0.3)

    html = page.get(f"/?preset={made.pk}").content.decode()

    assert 'name="model" value="demo"' in html
    assert 'name="temperature" value="0.3"' in html


def test_a_preset_of_the_demo_starts_with_the_sites_model_elsewhere(page, settings):
    settings.DEFAULT_MODEL = "gpt-5-mini"
    made = make_preset(model="demo")

    assert 'name="model" value="gpt-5-mini"' in page.get(f"/?preset={made.pk}").content.decode()


@pytest.fixture
async def apage(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


async def begin(apage, path="/c/", **fields):
    form = SOUND | {"text": "Question", "client_id": str(uuid.uuid4())} | fields
    return await apage.post(path, form, headers=HTMX)


@sync_to_async
def thread_of(conversation):
    nodes = conversation.messages.in_thread().order_by("created_at")
    return [(each.role, each.text, each.origin) for each in nodes]


async def test_a_chat_copies_its_preset_when_it_starts(apage, upstream):
    made = await sync_to_async(make_preset)(seed=7, stop=["END"], examples=EXAMPLES)

    response = await begin(apage, preset=made.pk, system_message="Mine", temperature="0.5")
    await Preset.objects.aupdate(seed=8, examples=[])

    chat = await Conversation.objects.select_related("system_message").aget()
    answer = await chat.messages.aget(origin=Origin.GENERATED)
    await ended(answer)
    assert response.headers["HX-Redirect"] == f"/c/{chat.pk}/"
    assert (chat.preset_id, chat.seed, chat.stop) == (made.pk, 7, ["END"])
    assert (chat.temperature, chat.system_message.text) == (0.5, "Mine")
    assert (await thread_of(chat))[:3] == [
        ("user", "Hi <b>", "written"),
        ("assistant", "Hello!", "written"),
        ("user", "Question", "typed"),
    ]
    assert [each["content"] for each in upstream.requests[0].body["messages"]] == [
        "Mine", "Hi <b>", "Hello!", "Question",
    ]  # fmt: skip


async def test_the_preview_of_a_preset_is_what_the_provider_gets(apage, upstream):
    made = await sync_to_async(make_preset)(examples=EXAMPLES, temperature=0.3)
    form = SOUND | {"text": "Question", "preset": made.pk, "temperature": "0.3"}

    preview = (await apage.post("/preview/", form)).content.decode()
    await begin(apage, **form)
    await ended(await Message.objects.aget(origin=Origin.GENERATED))

    contents = [each["content"] for each in upstream.requests[0].body["messages"]]
    assert contents == ["Hi <b>", "Hello!", "Question"]
    places = [preview.index(words) for words in ("Hi &lt;b&gt;", "Hello!", "Question")]
    assert places == sorted(places)


async def test_a_message_by_hand_comes_after_a_presets_messages(apage, upstream):
    made = await sync_to_async(make_preset)(examples=EXAMPLES)

    response = await begin(apage, "/c/write/", preset=made.pk, role="user", text="By hand")

    chat = await Conversation.objects.aget()
    assert response.status_code == 202
    assert chat.preset_id == made.pk
    assert [text for _, text, _ in await thread_of(chat)] == ["Hi <b>", "Hello!", "By hand"]


async def test_a_preset_that_is_gone_starts_nothing_and_says_so(apage, upstream, bob):
    foreign = await sync_to_async(make_preset)(bob)

    response = await begin(apage, preset=foreign.pk)

    assert response.status_code == 422
    assert "This preset is not there any more." in response.content.decode()
    assert not await Conversation.objects.aexists()


# --- one's own ------------------------------------------------------------------------------


def test_a_chats_settings_are_kept_as_a_preset(page, talk, alice):
    response = save(page, talk, " Mine ", description="For <me>", taken="none")

    made = Preset.objects.get()
    assert "Saved as “Mine”." in response.content.decode()
    assert (made.owner, made.name, made.description) == (alice, "Mine", "For <me>")
    assert (made.temperature, made.stop, made.strategy) == (0.3, ["END"], "window")
    assert (made.examples, made.system_message) == ([], "")


@pytest.mark.parametrize(
    ("taken", "texts"),
    [("none", []), ("", []), ("written", ["By hand"]), ("all", ["Typed", "Generated", "By hand"])],
)
def test_messages_of_the_chat_come_along_as_wished(page, talk, taken, texts):
    save(page, talk, taken=taken)

    assert [each["text"] for each in Preset.objects.get().examples] == texts


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "A preset needs a name."),
        ({"name": "x" * 61}, "at most 60 characters"),
        ({"description": "x" * 201}, "at most 200 characters"),
        ({"taken": "some"}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_where_it_was_typed(page, talk, fields, words):
    response = save(page, talk, **fields)

    assert (response.status_code, response.headers["HX-Retarget"]) == (422, "#presets")
    assert words in response.content.decode()
    assert not Preset.objects.exists()


def test_a_name_that_is_taken_is_replaced_when_that_is_wished(page, talk):
    save(page, talk)
    talk.seed = 9
    talk.save()

    asked = save(page, talk)
    replaced = save(page, talk, replace="on")

    assert (asked.status_code, replaced.status_code) == (422, 200)
    assert "Replace it" in asked.content.decode()
    assert Preset.objects.get().seed == 9


def test_a_preset_is_renamed(page, alice):
    made = make_preset(alice)

    response = page.post(f"/presets/{made.pk}/", {"name": "Help", "description": "All"})

    made.refresh_from_db()
    assert (response.status_code, made.name, made.description) == (200, "Help", "All")
    assert "Saved." in response.content.decode()


@pytest.mark.parametrize(
    ("name", "words"), [("", "A preset needs a name."), ("Other", "You have a preset “Other”")]
)
def test_a_name_that_cannot_be_is_refused(page, alice, name, words):
    made = make_preset(alice)
    make_preset(alice, "Other")

    response = page.post(f"/presets/{made.pk}/", {"name": name})

    made.refresh_from_db()
    html = response.content.decode()
    assert (response.status_code, response.headers["HX-Retarget"]) == (422, "#own-presets")
    assert made.name == "Support"
    assert words in html
    assert "<summary>Support</summary>" in html


def test_a_deleted_preset_leaves_its_chats_as_they_are(page, alice, talk):
    made = make_preset(alice)
    talk.preset = made
    talk.save()

    response = page.post(f"/presets/{made.pk}/delete/")

    talk.refresh_from_db()
    assert (response.status_code, talk.preset, talk.temperature) == (200, None, 0.3)
    assert not Preset.objects.exists()


@pytest.mark.parametrize("whose", ["bob", "site"])
@pytest.mark.parametrize("act", ["", "delete/"])
def test_whoever_elses_preset_is_404(page, bob, whose, act):
    foreign = make_preset(bob if whose == "bob" else None)

    response = page.post(f"/presets/{foreign.pk}/{act}", {"name": "Mine now"})

    assert response.status_code == 404
    assert Preset.objects.get().name == "Support"


def test_nobody_keeps_a_strangers_chat(page, bob):
    assert save(page, make_conversation(bob)).status_code == 404


@pytest.mark.parametrize("path", ["/c/{talk}/presets/", "/presets/1/", "/presets/1/delete/"])
def test_what_changes_something_takes_no_get_and_needs_a_session(page, talk, path):
    path = path.format(talk=talk.pk)

    assert page.get(path).status_code == 405
    assert Client().post(path, headers=HTMX).status_code == 401
