"""What a person does to a conversation's thread, and what then stands there."""

from playwright.sync_api import expect

from tests.browser.conftest import answers, ask
from tests.upstream_server import answer

WIDE, PHONE, NARROW = (1280, 800), (390, 844), (320, 640)


def turns(page, role):
    return page.locator(f"article[data-role={role}]")


def expect_words(page, *words):
    """What the log says, turn by turn, without what stands around it."""
    expect(page.locator("#log :is(.body, .prose)")).to_have_text([*words])


def choose(page, turn, name):
    """An entry of a turn's menu, by keyboard alone."""
    turn.get_by_role("button", name="More actions").press("Enter")
    item = page.get_by_role("menuitem", name=name)
    for _ in range(12):
        if item.evaluate("item => item === document.activeElement"):
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def talk(page, upstream, *pairs):
    for number, (question, reply) in enumerate(pairs, start=1):
        upstream.play(*answer(reply))
        ask(page, question)
        expect(answers(page, "complete")).to_have_count(number)
    return page
