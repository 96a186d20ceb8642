import pytest
from django.test import Client

from conversations.models import Conversation, Message, Role
from conversations.views import settings as settings_view
from tests.people import make_conversation

SOUND = {
    "system_message": "",
    "model": "gpt-4o-mini",
    "temperature": "",
    "top_p": "",
    "max_tokens": "",
}


@pytest.fixture
def page(alice, prices, settings):
    settings.DEMO_MODE = False
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def talk(alice):
    return make_conversation(alice)


def save(page, talk, **changes):
    return page.post(
        f"/c/{talk.pk}/settings/", {**SOUND, **changes}, headers={"HX-Request": "true"}
    )


def test_settings_are_saved_at_once(page, talk):
    response = save(
        page, talk, model="gpt-5-mini", temperature="0.3", max_tokens="500", system_message="Brief."
    )

    talk.refresh_from_db()
    assert response.status_code == 200
    assert (talk.model, talk.temperature, talk.top_p, talk.max_tokens) == (
        "gpt-5-mini",
        0.3,
        None,
        500,
    )
    assert talk.system_message.text == "Brief."


def test_a_new_system_message_keeps_the_old_one(page, talk):
    save(page, talk, system_message="Brief.")
    save(page, talk, system_message="Long.")
    save(page, talk, system_message="Long.")

    talk.refresh_from_db()
    texts = Message.objects.filter(role=Role.SYSTEM).in_order().values_list("text", flat=True)
    assert (talk.system_message.text, list(texts)) == ("Long.", ["Brief.", "Long."])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"temperature": "2.1"}, "Temperature is a number from 0 to 2."),
        ({"temperature": "hot"}, "Temperature is a number from 0 to 2."),
        ({"temperature": "nan"}, "Temperature is a number from 0 to 2."),
        ({"top_p": "1.5"}, "Top p is a number from 0 to 1."),
        ({"max_tokens": "0"}, "Max tokens is a whole number from 1."),
        ({"max_tokens": "1.5"}, "Max tokens is a whole number from 1."),
        ({"max_tokens": "20000"}, "gpt-4o-mini answers with at most 16,384 tokens."),
        ({"model": ""}, "Choose a model."),
        ({"model": "a b"}, "has letters, digits"),
        ({"model": "gpt\n4"}, "has letters, digits"),
        ({"model": "gpt-5-pro"}, "gpt-5-pro does not take chat completions."),
    ],
)
def test_what_is_wrong_is_said_and_not_saved(page, talk, changes, words):
    response = save(page, talk, **changes)

    talk.refresh_from_db()
    assert response.status_code == 422
    assert words in response.content.decode()
    assert (talk.model, talk.temperature, talk.max_tokens) == ("gpt-4o-mini", None, None)


def test_both_temperature_and_top_p_get_a_hint(page, talk):
    both = save(page, talk, temperature="1", top_p="0.5").content.decode()
    one = save(page, talk, temperature="1").content.decode()

    assert "Change only one of temperature and top p" in both
    assert "Change only one of temperature and top p" not in one


def test_what_another_page_saves_at_this_moment_is_kept(page, talk, monkeypatch):
    find = settings_view.aown_conversation

    async def find_and_be_overtaken(*args):
        found = await find(*args)
        await Conversation.objects.filter(pk=talk.pk).aupdate(temperature=0.7)
        return found

    monkeypatch.setattr(settings_view, "aown_conversation", find_and_be_overtaken)
    page.post(f"/c/{talk.pk}/settings/", {"top_p": "0.5"})

    talk.refresh_from_db()
    assert (talk.temperature, talk.top_p) == (0.7, 0.5)


def test_the_demo_answers_as_itself_only(page, talk, settings):
    settings.DEMO_MODE = True

    assert save(page, talk, model="gpt-5").status_code == 422
    assert save(page, talk, model="demo").status_code == 200


def test_a_strangers_settings_are_404(page, bob):
    assert save(page, make_conversation(bob)).status_code == 404


def test_every_parameter_is_saved(page, talk):
    response = save(
        page, talk, stop="END\n\\n\\n", seed="-7", response_format="json_schema",
        json_schema='{"type": "object"}', strategy="window", number_turns="3",
    )  # fmt: skip

    talk.refresh_from_db()
    assert response.status_code == 200
    assert (talk.stop, talk.seed) == (["END", "\n\n"], -7)
    assert (talk.response_format, talk.json_schema) == ("json_schema", {"type": "object"})
    assert (talk.strategy, talk.strategy_numbers["turns"]) == ("window", 3)


def test_one_wrong_field_is_marked_and_the_others_are_saved(page, talk):
    response = save(
        page, talk, temperature="0.5", response_format="json_schema", json_schema='{"type": }'
    )

    html = response.content.decode()
    talk.refresh_from_db()
    assert response.status_code == 422
    assert "(line 1, column 10)" in html
    assert "{&quot;type&quot;: }</textarea>" in html
    assert 'name="temperature" value="0.5"' in html
    assert (talk.temperature, talk.response_format) == (0.5, "text")


def test_every_error_has_its_place_in_the_answer(page, talk):
    html = save(page, talk).content.decode()

    wanted = html.partition('hx-select-oob="')[2].partition('"')[0].split(",")
    assert [each for each in wanted if f'id="{each[1:]}"' not in html] == []
    assert {"#id_stop_error", "#id_json_schema_error", "#id_number_turns_error"} <= {*wanted}


def test_what_the_model_ignores_is_disabled_with_words(page, talk):
    ignoring = save(page, talk, model="gpt-5-mini", temperature="0.5").content.decode()
    taking = save(page, talk, temperature="0.5").content.decode()

    talk.refresh_from_db()
    assert ignoring.count('readonly aria-disabled="true"') == 3
    assert ignoring.count("data-model-name>gpt-5-mini</span> ignores this.") == 3
    assert ignoring.count('data-ignored="temperature" hidden') == 0
    assert taking.count('readonly aria-disabled="true"') == 0
    assert taking.count('data-ignored="temperature" hidden') == 1
    assert talk.temperature == 0.5


def test_a_summary_that_is_now_due_is_prepared(page, talk, monkeypatch):
    prepared = []

    async def prepare(conversation):
        prepared.append(conversation.strategy)

    monkeypatch.setattr("conversations.turns.prepare", prepare)
    save(page, talk, strategy="summary")
    save(page, talk, strategy="summary", temperature="9")

    assert prepared == ["summary", "summary"]


def test_settings_take_no_get(page, talk):
    assert page.get(f"/c/{talk.pk}/settings/").status_code == 405


def test_without_a_session_nothing_is_saved(talk):
    response = save(Client(), talk, temperature="1")

    talk.refresh_from_db()
    assert response.status_code == 401
    assert talk.temperature is None


def test_what_another_page_has_changed_stays(page, talk):
    save(page, talk, model="gpt-4o", temperature="0.3", system_message="Be brief.")

    assert page.post(f"/c/{talk.pk}/settings/", {"max_tokens": "77"}).status_code == 200

    talk = Conversation.objects.select_related("system_message").get(pk=talk.pk)
    assert (talk.model, talk.temperature, talk.max_tokens) == ("gpt-4o", 0.3, 77)
    assert talk.system_message.text == "Be brief."


def test_an_unticked_box_is_unticked(page, talk):
    save(page, talk, strategy="retrieve", number_found_everywhere="on")
    page.post(f"/c/{talk.pk}/settings/", {"number_found_everywhere": ""})

    talk.refresh_from_db()
    assert talk.strategy_numbers["found_everywhere"] == 0


def test_json_by_a_schema_is_not_saved_without_one(page, talk):
    assert (
        page.post(f"/c/{talk.pk}/settings/", {"response_format": "json_schema"}).status_code == 422
    )

    talk.refresh_from_db()
    assert talk.response_format == "text"
