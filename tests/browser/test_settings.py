"""The settings of a chat, and presets: by keyboard, on a phone, in the dark, to a screen reader."""

import uuid

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import answers, ask
from tests.browser.test_page import SIZES, overflow, violations
from tests.upstream_server import answer, model_list

WIDTHS = [(1280, 800), (390, 844)]
LONG = "Tea is best when it is fresh.\n\n" * 4
STRATEGY = "What is sent of a long chat"


@pytest.fixture
def talk(open_page, upstream):
    """The address of a chat of two exchanges."""
    page = open_page()
    for number in (1, 2):
        upstream.play(*answer(f"Answer {number}. {LONG}"))
        ask(page, f"Question {number}")
        expect(answers(page, "complete")).to_have_count(number)
    return page.url


def open_drawer(page):
    page.get_by_role("button", name="Chat settings").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="Chat settings")
    expect(drawer).to_be_visible()
    return drawer


def type_in(page, field, text):
    field.focus()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)
    page.keyboard.press("Tab")


def choose(page, field, label):
    """As one does without a mouse."""
    field.focus()
    page.keyboard.press("Home")
    for _ in range(field.locator("option").count()):
        if field.evaluate("it => it.selectedOptions[0].label") == label:
            break
        page.keyboard.press("ArrowDown")
    expect(field.locator("option:checked")).to_have_text(label)
    page.keyboard.press("Tab")


def saved(drawer):
    expect(drawer.locator("[data-saved]")).to_have_text("Saved.")


def wrong(drawer, words):
    """Where a field says what is wrong with it."""
    return drawer.locator(".field__error", has_text=words)


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_json_by_a_schema_is_set_up_by_keyboard(open_page, talk, upstream, width, height):
    page = open_page(talk, width=width, height=height)
    drawer = open_drawer(page)
    schema = drawer.get_by_label("JSON Schema")
    expect(schema).to_be_hidden()

    choose(page, drawer.get_by_label("Answers in"), "JSON by a schema")
    expect(schema).to_be_visible()
    expect(wrong(drawer, "Type the schema that answers are to follow.")).to_be_visible()
    faulty = '{\n  "type": "object",\n  "properties": {"tea" 1}\n}'
    type_in(page, schema, faulty)
    expect(wrong(drawer, "(line 3, column 24)")).to_be_visible()
    expect(drawer.locator("[data-saved]")).to_have_text("Saved, but for what is marked.")
    expect(schema).to_have_value(faulty)
    expect(schema).to_have_attribute("aria-invalid", "true")
    type_in(page, schema, faulty.replace('"tea" 1', '"tea": {"type": "string"}'))
    saved(drawer)
    expect(schema).to_have_attribute("aria-invalid", "false")

    page.keyboard.press("Escape")
    upstream.play(*answer('{"tea": "green"}'))
    ask(page, "Which tea? Answer in JSON.")
    expect(answers(page, "complete")).to_have_count(3)
    assert upstream.requests[-1].body["response_format"]["json_schema"]["schema"] == {
        "type": "object",
        "properties": {"tea": {"type": "string"}},
    }


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_a_strategy_and_its_number_change_the_estimate(open_page, talk, width, height):
    page = open_page(talk, width=width, height=height)
    estimate = page.locator(".estimate__words")
    whole = estimate.inner_text()
    drawer = open_drawer(page)
    expect(drawer.get_by_label("Turns")).to_be_hidden()

    choose(page, drawer.get_by_label(STRATEGY), "The last turns")
    expect(drawer.get_by_text("Only the newest turns are sent")).to_be_visible()
    expect(drawer.get_by_text("Oldest exchanges are left out")).to_be_hidden()
    expect(drawer.get_by_label("Turns")).to_be_focused()
    type_in(page, drawer.get_by_label("Turns"), "0")
    expect(wrong(drawer, "Turns is a whole number from 1 to 10,000.")).to_be_visible()
    type_in(page, drawer.get_by_label("Turns"), "2")
    saved(drawer)

    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="2 older messages will be left out")).to_be_visible()
    assert estimate.inner_text() != whole
    page.reload()
    drawer = open_drawer(page)
    expect(drawer.get_by_label("Turns")).to_have_value("2")


@pytest.mark.parametrize(("width", "height"), WIDTHS)
@pytest.mark.parametrize("is_new", [True, False])
def test_what_a_reasoning_model_ignores_is_disabled_with_words(
    open_page, talk, width, height, is_new
):
    page = open_page("/" if is_new else talk, width=width, height=height)
    drawer = open_drawer(page)
    temperature = drawer.get_by_label("Temperature")
    words = drawer.locator("#id_temperature_ignored")
    type_in(page, temperature, "0.5")

    type_in(page, drawer.get_by_label("Model"), "gpt-5-mini")
    expect(words).to_have_text("gpt-5-mini ignores this.")
    expect(words).to_be_visible()
    expect(temperature).to_be_disabled()
    expect(temperature).not_to_be_editable()
    expect(temperature).to_have_accessible_description(
        "From 0 (steady) to 2 (wild). Blank: the model's own. gpt-5-mini ignores this."
    )
    assert violations(page) == []
    type_in(page, drawer.get_by_label("Model"), "gpt-4o-mini")

    expect(words).to_be_hidden()
    expect(temperature).to_be_editable()
    expect(temperature).to_have_value("0.5")


def test_two_tabs_take_nothing_from_each_other(open_page, talk):
    one, other = open_page(talk), open_page(talk)
    for page, label, value in ((one, "Temperature", "0.3"), (other, "Max tokens", "77")):
        drawer = open_drawer(page)
        type_in(page, drawer.get_by_label(label), value)
        saved(drawer)

    one.reload()

    drawer = open_drawer(one)
    expect(drawer.get_by_label("Temperature")).to_have_value("0.3")
    expect(drawer.get_by_label("Max tokens")).to_have_value("77")


def test_the_providers_own_models_are_offered_once_the_drawer_opens(open_page, talk, upstream):
    upstream.models = model_list("house-model", "gpt-4o-mini")
    page = open_page(talk)
    assert upstream.model_requests == [] or page.locator("#models option").count() > 5

    drawer = open_drawer(page)
    expect(page.locator('#models option[value="gpt-4o-mini"]')).to_have_count(1)
    type_in(page, drawer.get_by_label("Model"), "gpt-5")

    expect(drawer.locator("#id_model_helptext")).to_contain_text("window")


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_a_chat_is_started_from_a_preset_by_keyboard(open_page, upstream, width, height):
    upstream.play(*answer("It is on its way."))
    page = open_page(width=width, height=height)
    page.keyboard.type("Where is my parcel?")
    link = page.get_by_role("link", name="Support")
    link.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("This chat will begin with the messages of “Support”")).to_be_visible()
    expect(page.get_by_role("link", name="Support")).to_have_attribute("aria-current", "true")
    expect(page.get_by_text("I was charged twice for order 1042.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Message")).to_have_value("Where is my parcel?")
    page.get_by_role("textbox", name="Message").press("Control+Enter")
    page.wait_for_url("**/c/**")
    expect(answers(page, "complete")).to_have_count(2)

    body = upstream.requests[-1].body
    assert [each["role"] for each in body["messages"]] == ["system", "user", "assistant", "user"]
    assert "HAND-OVER:" in body["messages"][0]["content"]
    assert body["temperature"] == 0.3
    drawer = open_drawer(page)
    drawer.locator("summary", has_text="Presets").click()
    expect(drawer.get_by_text("This chat began with “Support”.")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_a_preset_is_saved_replaced_renamed_and_deleted_by_keyboard(open_page, talk, width, height):
    name = f"Mine {uuid.uuid4().hex[:6]}"
    page = open_page(talk, width=width, height=height)
    drawer = open_drawer(page)
    summary = drawer.locator("summary", has_text="Presets")
    summary.focus()
    page.keyboard.press("Enter")

    type_in(page, drawer.get_by_label("Name").first, name)
    choose(page, drawer.get_by_label("Begins with"), "All messages so far")
    expect(drawer.get_by_role("button", name="Save as preset")).to_be_focused()
    page.keyboard.press("Enter")
    expect(drawer.get_by_text(f"Saved as “{name}”.")).to_be_visible()
    type_in(page, drawer.get_by_label("Name").first, name)
    drawer.get_by_role("button", name="Save as preset").press("Enter")
    expect(drawer.get_by_text(f"You have a preset “{name}” already.")).to_be_visible()
    drawer.get_by_role("button", name="Replace it").press("Enter")
    expect(drawer.get_by_text(f"Saved as “{name}”.")).to_be_visible()

    own = drawer.locator("#own-presets li").filter(has_text=name)
    own.locator("summary").focus()
    page.keyboard.press("Enter")
    type_in(page, own.get_by_label("Name"), f"{name} too")
    own.get_by_role("button", name="Rename").press("Enter")
    expect(own.get_by_role("status")).to_have_text("Saved.")
    expect(own.get_by_role("button", name="Rename")).to_be_focused()
    expect(own.locator("summary")).to_have_text(f"{name} too")
    page.once("dialog", lambda asked: asked.accept())
    own.get_by_role("button", name="Delete").press("Enter")
    expect(own).to_have_count(0)
    expect(drawer.locator(":focus")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_axe_finds_nothing_in_the_open_drawer_and_nothing_overflows(
    open_page, talk, width, height, scheme
):
    page = open_page(talk, width=width, height=height, color_scheme=scheme)
    drawer = open_drawer(page)
    drawer.get_by_label(STRATEGY).select_option("retrieve")
    drawer.get_by_label("Answers in").select_option("json_schema")
    drawer.get_by_label("JSON Schema").fill("{")
    for closed in ("Stop sequences and seed", "Presets"):
        drawer.locator("summary", has_text=closed).click()
    drawer.get_by_role("button", name="Save as preset").click()
    expect(wrong(drawer, "A preset needs a name.")).to_be_visible()
    expect(wrong(drawer, "(line 1, column 2)")).to_be_visible()

    assert violations(page) == []
    assert overflow(page) <= 0
    assert drawer.evaluate("drawer => drawer.scrollWidth - drawer.clientWidth") <= 0
    small = drawer.evaluate(
        "drawer => [...drawer.querySelectorAll('button, summary, select, input, textarea')]"
        ".filter(each => each.checkVisibility())"
        ".filter(each => each.getBoundingClientRect().height < 24).map(each => each.outerHTML)"
    )
    assert small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_axe_finds_nothing_where_a_chat_starts_from_a_preset(open_page, width, height, scheme):
    page = open_page(width=width, height=height, color_scheme=scheme)
    page.get_by_role("link", name="Support").click()
    expect(page.get_by_text("This chat will begin with")).to_be_visible()
    page.wait_for_load_state()

    assert violations(page) == []
    assert overflow(page) <= 0
