import re

import pytest

from conversations.context import STRATEGIES
from conversations.models import Preset
from tests.admin.pages import PRESETS, column, words

SOUND = {
    "name": "Support",
    "description": "Answers customers",
    "model": "gpt-4o-mini",
    "system_message": "You are support.",
    "temperature": "0.2",
    "stop": "END",
    "response_format": "text",
    "strategy": "window",
    "number_turns": "5",
    "examples-0-role": "user",
    "examples-0-text": "  Where is\r\nmy parcel?",
    "examples-1-role": "assistant",
    "examples-1-text": "What is its number?",
    "examples-2-role": "user",
    "examples-2-text": "",
}


@pytest.fixture(autouse=True)
def a_provider(settings, prices):
    settings.DEMO_MODE = False


def add(client, **changes):
    return client.post(f"{PRESETS}add/", SOUND | changes)


def make_preset(**fields) -> Preset:
    return Preset.objects.create(**{"name": "Support", "model": "gpt-4o-mini", **fields})


def test_staff_make_a_preset_for_everybody(staff):
    assert add(staff).status_code == 302

    made = Preset.objects.get()
    assert (made.owner, made.name, made.temperature, made.stop) == (None, "Support", 0.2, ["END"])
    assert (made.strategy, made.strategy_numbers["turns"]) == ("window", 5)
    assert made.examples == [
        {"role": "user", "text": "  Where is\nmy parcel?"},
        {"role": "assistant", "text": "What is its number?"},
    ]


def test_the_form_shows_what_was_made_and_saves_it_again_unchanged(staff):
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    made = make_preset(
        stop=["a\nb"], response_format="json_schema", json_schema=schema, strategy="retrieve",
        strategy_numbers={"found_messages": 3, "found_everywhere": 1},
        examples=[{"role": "user", "text": "\nTea <b>?"}],
    )  # fmt: skip

    html = staff.get(f"{PRESETS}{made.pk}/change/").content.decode()

    assert "\na\\nb</textarea>" in html
    assert "&quot;name&quot;: {\n" in html
    assert 'name="number_found_messages" value="3"' in html
    assert "\n\nTea &lt;b&gt;?</textarea>" in html
    assert html.count('class="examples__one"') == 4
    assert re.search(r'name="number_found_everywhere"[^>]* checked', html)
    for strategy in STRATEGIES.values():
        assert all(number.label in html for number in strategy.numbers)


def test_a_new_one_begins_with_the_defaults(staff, settings):
    html = staff.get(f"{PRESETS}add/").content.decode()

    assert f'name="model" value="{settings.DEFAULT_MODEL}"' in html
    assert '<option value="fit" selected>' in html
    assert not re.search(r'name="number_found_everywhere"[^>]* checked', html)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"model": "gpt-5-pro"}, "gpt-5-pro does not take chat completions."),
        ({"temperature": "3"}, "Temperature is a number from 0 to 2."),
        ({"stop": "1\n2\n3\n4\n5"}, "At most 4 stop sequences, one per line."),
        ({"seed": "1.5"}, "Seed is a whole number"),
        ({"number_turns": "0"}, "Turns is a whole number from 1 to 10,000."),
        ({"response_format": "json_schema"}, "Type the schema"),
        ({"response_format": "json_schema", "json_schema": '{"a": }'}, "(line 1, column 7)"),
        ({"examples-0-role": "tool"}, "Message 1 is the user&#x27;s, the assistant&#x27;s or"),
        ({"examples-0-text": "x" * 100_001}, "at most 100,000 characters together"),
    ],
)
def test_what_is_wrong_is_said_in_words(staff, changes, said):
    response = add(staff, **changes)

    assert response.status_code == 200
    assert said in response.content.decode()
    assert not Preset.objects.exists()


def test_a_name_is_the_sites_once_whatever_people_call_theirs(staff, alice):
    make_preset(owner=alice)
    assert add(staff).status_code == 302

    again = add(staff, name=" Support ")

    assert "The site has a preset of this name already." in words(again.content.decode())


def test_a_preset_is_changed_and_deleted(staff):
    made = make_preset(examples=[{"role": "user", "text": "Hi"}])

    changed = staff.post(f"{PRESETS}{made.pk}/change/", SOUND | {"examples-0-text": " "})
    made.refresh_from_db()
    deleted = staff.post(f"{PRESETS}{made.pk}/delete/", {"post": "yes"})

    assert (changed.status_code, deleted.status_code) == (302, 302)
    assert [each["text"] for each in made.examples] == ["What is its number?"]
    assert not Preset.objects.exists()


def test_peoples_own_presets_are_theirs(staff, alice):
    make_preset()
    own = make_preset(owner=alice, name="Mine")

    assert column(staff.get(PRESETS), 0) == ["Support"]
    assert staff.get(f"{PRESETS}{own.pk}/change/").status_code == 302


def test_who_may_only_look_sees_it_and_changes_nothing(staff_with):
    made = make_preset(strategy="window", strategy_numbers={"turns": 5})
    client = staff_with("view_preset")

    html = client.get(f"{PRESETS}{made.pk}/change/").content.decode()

    assert "&quot;turns&quot;: 5" in html
    assert client.post(f"{PRESETS}{made.pk}/change/", SOUND).status_code == 403
    assert add(client).status_code == 403
    assert client.post(f"{PRESETS}{made.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_demo_takes_its_own_model_only(staff, settings):
    settings.DEMO_MODE = True

    assert "the model is “demo”" in add(staff).content.decode()
