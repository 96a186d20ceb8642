"""How the page looks and behaves: without a mouse, on a phone, in the dark, to a screen reader."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import answers, ask
from tests.upstream_server import Gate, answer, close, content, hang, role_chunk

RICH = """# A heading

Some *words*, `code`, and [a link](https://example.org/).

- [x] done
- [ ] open

```python
def tea(cups: int) -> str:
    return "tea " * cups  # a comment that is long enough to make this block scroll sideways
```

| Model | Input | Output |
|:------|------:|-------:|
| small | $0.15 | $0.60 |

$$C = \\frac{n}{10^6}$$

قيمة الدور الواحد هي مجموع الأجزاء الثلاثة. $5 and $6 stay money.
"""

SIZES = [(1280, 800), (390, 844), (320, 640)]


def violations(page):
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.fixture
def rich(open_page, upstream):
    """A conversation with every kind of content and of ending."""
    page = open_page()
    upstream.play(*answer(RICH))
    ask(page, "Everything, please")
    expect(answers(page, "complete")).to_have_count(1)
    upstream.play(role_chunk(), content("Half"), close())
    ask(page, "And a failure")
    expect(answers(page).nth(1)).to_have_attribute("data-status", "failed")
    return page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_axe_finds_nothing_and_nothing_overflows(open_page, rich, width, height, scheme):
    page = open_page(rich, width=width, height=height, color_scheme=scheme)
    expect(answers(page)).to_have_count(2)

    assert violations(page) == []
    assert overflow(page) <= 0


@pytest.mark.parametrize("path", ["/", "/password/", "/password/done/"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_the_other_pages(open_page, path, width):
    page = open_page(path, width=width)

    assert violations(page) == []
    assert overflow(page) <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_login(open_page, scheme):
    assert violations(open_page("/login/", name=None, color_scheme=scheme)) == []


def test_axe_finds_nothing_in_the_settings(page):
    page.get_by_role("button", name="Chat settings").click()
    expect(page.get_by_role("dialog")).to_be_visible()

    assert violations(page) == []


def test_the_landmarks_and_names_are_there(open_page, rich):
    page = open_page(rich)

    expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()
    expect(page.get_by_role("searchbox", name="Search conversations")).to_be_visible()
    expect(page.get_by_role("link", name="New chat")).to_be_visible()
    expect(page.get_by_role("log", name="Conversation")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Everything, please")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    expect(page.get_by_role("status").first).to_be_attached()


def test_a_turn_without_a_mouse(open_page, upstream):
    upstream.play(*answer("By keyboard."))
    page = open_page()

    page.keyboard.type("Hello")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("there")
    page.keyboard.press("Enter")

    expect(answers(page, "complete").locator(".prose")).to_have_text("By keyboard.")
    assert upstream.requests[0].body["messages"][-1]["content"] == "Hello\nthere"
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()


def test_enter_of_an_input_method_does_not_send(page, upstream):
    box = page.get_by_role("textbox", name="Message")
    box.fill("にほん")

    box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    box.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True})

    page.wait_for_timeout(300)
    expect(box).to_have_value("にほん")
    assert upstream.requests == []


def test_settings_are_saved_and_sent(page, upstream):
    upstream.play(*answer("One."))
    ask(page, "First")
    expect(answers(page, "complete")).to_have_count(1)

    page.get_by_role("button", name="Chat settings").click()
    page.get_by_label("Temperature").fill("0.2")
    page.get_by_label("System message").fill("Be brief.")
    page.get_by_label("Max tokens").fill("77")
    page.get_by_label("Max tokens").press("Tab")
    expect(page.get_by_text("Saved").first).to_be_visible()
    page.get_by_label("Top p").fill("7")
    page.get_by_label("Top p").press("Tab")
    expect(page.locator("#id_top_p_error")).to_have_text("Top p is a number from 0 to 1.")
    page.get_by_label("Top p").fill("")
    page.get_by_label("Top p").press("Tab")
    expect(page.locator("#id_top_p_error")).to_be_empty()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Chat settings")).to_be_focused()
    ask(page, "Second")
    expect(answers(page, "complete")).to_have_count(2)

    body = upstream.requests[1].body
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert (body["temperature"], body["max_tokens"]) == (0.2, 77)


def test_a_chat_can_be_renamed_deleted_and_taken_back(page, upstream):
    upstream.play(*answer("One."))
    ask(page, "A chat to rename")
    expect(answers(page, "complete")).to_have_count(1)
    sidebar = page.get_by_role("navigation", name="Conversations")

    page.get_by_role("button", name="Actions for A chat to rename").click()
    page.get_by_role("menuitem", name="Rename").click()
    page.keyboard.press("Control+A")
    page.keyboard.type("Renamed chat")
    page.keyboard.press("Enter")
    expect(sidebar.get_by_role("link", name="Renamed chat")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Renamed chat")

    page.get_by_role("button", name="Actions for Renamed chat").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(sidebar.get_by_role("link", name="Renamed chat")).to_have_count(0)
    page.wait_for_url(lambda url: "/c/" not in url)
    page.get_by_role("button", name="Undo").click()
    expect(sidebar.get_by_role("link", name="Renamed chat")).to_be_visible()


def test_search_finds_what_was_said(page, upstream):
    upstream.play(*answer("The capital of Iceland is Reykjavik."))
    ask(page, "Capitals")
    expect(answers(page, "complete")).to_have_count(1)

    page.get_by_role("searchbox", name="Search conversations").fill("reykjavik")
    sidebar = page.get_by_role("navigation", name="Conversations")
    expect(sidebar.get_by_role("link", name="Capitals")).to_be_visible()
    page.get_by_role("searchbox", name="Search conversations").fill("zebra <x>")
    expect(sidebar.get_by_text("No chats match “zebra <x>”.")).to_be_visible()


def test_on_a_phone_the_sidebar_is_a_drawer(open_page, rich):
    page = open_page(rich, width=390, height=844, has_touch=True)
    expect(page.get_by_role("link", name="New chat")).not_to_be_visible()

    page.get_by_role("button", name="Open conversations").click()
    expect(page.get_by_role("link", name="New chat")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="New chat")).not_to_be_visible()


def test_copy_takes_the_markdown(open_page, rich):
    page = open_page(rich, permissions=["clipboard-read", "clipboard-write"])

    answers(page).first.get_by_role("button", name="Copy", exact=True).last.click()

    expect(page.get_by_role("status").first).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == RICH


def test_a_theme_that_was_chosen_stays(page):
    page.get_by_label("Theme").select_option("Dark")
    page.reload()

    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_reading_up_is_not_disturbed_by_what_arrives(page, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("line\n\n" * 80), gate, content("more\n\n" * 20), hang())
    ask(page, "Much")
    expect(answers(page, "streaming").locator(".prose")).to_contain_text("line")
    log = page.get_by_role("log")
    page.wait_for_function("() => document.querySelector('#log').scrollTop > 0")  # it follows
    log.hover()
    page.mouse.wheel(0, -5000)
    page.wait_for_function("() => document.querySelector('#log').scrollTop === 0")
    before = log.evaluate("log => log.scrollTop")

    gate.open()
    expect(answers(page, "streaming").locator(".prose")).to_contain_text("more")
    page.wait_for_timeout(200)

    assert abs(log.evaluate("log => log.scrollTop") - before) < 3
    page.get_by_role("button", name="Stop").click()
