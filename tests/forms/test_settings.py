"""What is typed into the settings, and what is kept of it."""

import pytest

from conversations.context import STRATEGIES
from conversations.forms import SettingsForm
from conversations.models import Conversation, Parameters

SOUND = {"system_message": "", "model": "gpt-4o-mini"}
SCHEMA = {"type": "object", "properties": {"naïve": {"type": "string"}}}


@pytest.fixture(autouse=True)
def a_provider(settings, prices):
    settings.DEMO_MODE = False


def typed(**fields) -> SettingsForm:
    return SettingsForm({**SOUND, **fields})


def kept(held: dict | None = None, **fields) -> Conversation:
    """A chat after these settings were saved over what it held."""
    conversation = Conversation(**{"model": "gpt-4o-mini", **(held or {})})
    form = typed(**fields)
    assert form.is_valid(), form.errors
    form.apply(conversation)
    return conversation


def errors(**fields) -> dict[str, list[str]]:
    return dict(typed(**fields).errors)


def test_every_parameter_has_a_field():
    names = {field.name for field in Parameters._meta.fields}

    assert names - {*SettingsForm.base_fields} == {"strategy_numbers"}


def test_every_number_of_every_strategy_has_a_field():
    numbers = {f"number_{each.name}" for one in STRATEGIES.values() for each in one.numbers}

    assert numbers <= {*SettingsForm.base_fields}


# --- stop sequences -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("", []),
        ("\n\n", []),
        ("END", ["END"]),
        ("one\r\ntwo\nthree\rfour", ["one", "two", "three", "four"]),
        ("  kept  ", ["  kept  "]),
        ("same\nsame", ["same"]),
        (r"a\nb", ["a\nb"]),
        (r"\n\n", ["\n\n"]),
        (r"a\\nb", [r"a\nb"]),
        (r"\t \d", [r"\t \d"]),
        ("\\", ["\\"]),
        (r"\\", ["\\"]),
        ("a\x00b", ["a\ufffdb"]),
    ],
)
def test_stop_sequences_stand_one_a_line(text, stops):
    assert kept(stop=text).stop == stops


@pytest.mark.parametrize(
    "stop",
    ["END", "a\nb", "\\", "\\n", "\\\\", "\\\n", "\n", " ", "\\\\n\\", "a\\tb", "\\\\\n\\n"],
)
def test_a_stop_sequence_comes_back_as_it_was(stop):
    shown = SettingsForm.of(Conversation(model="m", stop=[stop, "x"]))["stop"].value()

    assert kept(stop=shown).stop == [stop, "x"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1\n2\n3\n4\n5", "At most 4 stop sequences, one per line."),
        ("x" * 201, "A stop sequence has at most 200 characters."),
    ],
)
def test_stop_sequences_have_bounds(text, words):
    assert errors(stop=text) == {"stop": [words]}


# --- seed -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seed"),
    [("", None), ("0", 0), ("-7", -7), (str(2**63 - 1), 2**63 - 1), (str(-(2**63)), -(2**63))],
)
def test_a_seed_is_a_whole_number_of_64_bits(text, seed):
    assert kept(seed=text).seed == seed


@pytest.mark.parametrize("text", [str(2**63), str(-(2**63) - 1), "1.5", "x", "9" * 5000, "nan"])
def test_any_other_seed_is_refused(text):
    assert "Seed is a whole number from -9,223" in errors(seed=text)["seed"][0]


# --- format ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text", "json_object"])
def test_a_format_is_chosen(kind):
    assert kept(response_format=kind).response_format == kind


def test_a_schema_is_kept_as_json_and_shown_indented():
    chat = kept(response_format="json_schema", json_schema='{"type": "object", "properties": {}}')

    shown = SettingsForm.of(chat)["json_schema"].value()

    assert chat.json_schema == {"type": "object", "properties": {}}
    assert shown == '{\n  "type": "object",\n  "properties": {}\n}'


def test_a_schema_reads_as_it_was_written_in_any_language():
    assert "naïve" in SettingsForm.of(Conversation(json_schema=SCHEMA))["json_schema"].value()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Type the schema that answers are to follow."),
        ('{\n  "a" 1}', "a colon is missing (line 2, column 7)."),
        ("[]", "A schema is a JSON object"),
        ('{"type": "objekt"}', "This is not a valid JSON Schema"),
    ],
)
def test_a_wrong_schema_is_said_to_be_and_kept_as_typed(text, words):
    form = typed(response_format="json_schema", json_schema=text)

    assert words in form.errors["json_schema"][0]
    assert form["json_schema"].value() == text


@pytest.mark.parametrize("kind", ["text", "json_object"])
def test_a_wrong_schema_that_is_not_in_use_holds_nobody_up(kind):
    chat = kept({"json_schema": SCHEMA}, response_format=kind, json_schema="{")

    assert (chat.response_format, chat.json_schema) == (kind, SCHEMA)


# --- strategy -------------------------------------------------------------------------------


def test_a_strategy_is_chosen_with_its_numbers():
    chat = kept(strategy="window", number_turns="3")

    assert (chat.strategy, chat.strategy_numbers["turns"]) == ("window", 3)


def test_numbers_of_other_strategies_are_kept():
    held = {"strategy": "window", "strategy_numbers": {"turns": 3, "found_messages": 7}}

    chat = kept(held, strategy="fit", number_turns="3", number_found_messages="7")

    assert chat.strategy == "fit"
    assert (chat.strategy_numbers["turns"], chat.strategy_numbers["found_messages"]) == (3, 7)


def test_a_blank_number_is_the_default():
    chat = kept({"strategy_numbers": {"turns": 3}}, strategy="window", number_turns="")

    assert "turns" not in chat.strategy_numbers


@pytest.mark.parametrize(("posted", "value"), [({"number_found_everywhere": "on"}, 1), ({}, 0)])
def test_a_switch_is_ticked_or_not(posted, value):
    held = {"strategy_numbers": {"found_everywhere": 1 - value}}

    assert kept(held, strategy="retrieve", **posted).strategy_numbers["found_everywhere"] == value


@pytest.mark.parametrize("text", ["0", "10001", "x", "1.5"])
def test_a_wrong_number_of_the_chosen_strategy_is_said(text):
    words = "Turns is a whole number from 1 to 10,000."

    assert errors(strategy="window", number_turns=text) == {"number_turns": [words]}


def test_a_wrong_number_of_another_strategy_holds_nobody_up():
    chat = kept({"strategy_numbers": {"turns": 3}}, strategy="fit", number_turns="0")

    assert chat.strategy_numbers["turns"] == 3


def test_an_unknown_strategy_is_refused():
    assert "strategy" in errors(strategy="magic")


# --- what is not asked, and what is ignored -------------------------------------------------


def test_what_a_page_does_not_ask_about_stays_as_it_was():
    held = {
        "temperature": 0.3, "stop": ["END"], "seed": 5, "response_format": "json_schema",
        "json_schema": SCHEMA, "strategy": "window", "strategy_numbers": {"turns": 3},
    }  # fmt: skip

    chat = kept(held)

    assert {name: getattr(chat, name) for name in held} == held


@pytest.mark.parametrize(
    ("model", "names"),
    [
        ("gpt-4o-mini", set()),
        ("gpt-5-mini", {"temperature", "top_p", "stop"}),
        ("of-the-house", set()),
    ],
)
def test_a_reasoning_model_ignores_some(model, names):
    form = typed(model=model)
    form.is_valid()
    assert form.ignored == names
    assert SettingsForm.of(Conversation(model=model)).ignored == names


def test_what_a_model_ignores_is_kept_for_the_next_one():
    chat = kept(model="gpt-5-mini", temperature="0.5", stop="END")

    assert (chat.temperature, chat.stop) == (0.5, ["END"])


def test_a_wrong_value_that_is_ignored_holds_nobody_up():
    chat = kept({"temperature": 0.3}, model="gpt-5-mini", temperature="hot")

    assert (chat.model, chat.temperature) == ("gpt-5-mini", 0.3)


def test_the_hint_is_for_models_that_take_both():
    both = {"temperature": "1", "top_p": "0.5"}

    def hint(**fields):
        form = typed(**fields)
        form.is_valid()
        return bool(form.hint)

    assert (hint(**both), hint(temperature="1"), hint(model="gpt-5-mini", **both)) == (
        True,
        False,
        False,
    )
