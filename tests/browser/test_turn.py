"""A whole turn in a real browser, against a real server and a real provider over HTTP."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import answers, ask, wait_until
from tests.patience import PATIENCE
from tests.upstream_server import (
    Gate,
    answer,
    content,
    done,
    error_response,
    finish,
    hang,
    reasoning,
    role_chunk,
    usage,
)


def test_tokens_arrive_before_the_answer_is_complete(page, upstream):
    gate = Gate()
    upstream.play(
        role_chunk(), content("Tea **first"), gate, content("**, then milk."), finish("stop"),
        usage(1000, 200), done(),
    )  # fmt: skip

    ask(page, "How do I make tea?")
    expect(answers(page, "streaming").locator(".prose")).to_contain_text("Tea")
    gate.open()

    turn = answers(page, "complete")
    expect(turn.locator(".prose")).to_have_text("Tea first, then milk.")
    expect(turn.locator("strong")).to_have_text("first")
    expect(turn.locator(".facts")).to_contain_text("1,000 in · 200 out · $0.00027")
    assert turn.get_attribute("data-finish-reason") == "stop"
    assert page.title().startswith("How do I make tea?")


def test_a_reload_in_mid_answer_shows_everything_and_goes_on(page, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("One. "), gate, content("Two."), finish("stop"), done())
    ask(page, "Count")
    expect(answers(page, "streaming").locator(".prose")).to_contain_text("One.")

    page.reload()
    expect(answers(page, "streaming").locator(".prose")).to_have_text("One.")
    gate.open()

    expect(answers(page, "complete").locator(".prose")).to_have_text("One. Two.")


def test_reasoning_is_shown_once_whatever_was_missed_of_it(page, upstream):
    gates = [Gate(), Gate()]
    upstream.play(
        role_chunk(), reasoning("First, water. "), gates[0], reasoning("Then leaves."), gates[1],
        content("Tea."), finish("stop"), done(),
    )  # fmt: skip
    ask(page, "How?")
    thought = page.locator(".reasoning__text")
    expect(thought).to_have_text("First, water.")

    page.reload()
    expect(thought).to_have_text("First, water.")
    gates[0].open()
    expect(thought).to_have_text("First, water. Then leaves.")
    gates[1].open()

    expect(answers(page, "complete").locator(".prose")).to_have_text("Tea.")
    expect(thought).to_have_text("First, water. Then leaves.")


def test_a_second_tab_sees_the_same(page, upstream):
    upstream.play(*answer("First."))
    ask(page, "Begin")
    expect(answers(page, "complete")).to_have_count(1)
    other = page.context.new_page()
    other.goto(page.url)
    gate = Gate()
    upstream.play(role_chunk(), content("So far"), gate, content(", so good."), finish(), done())

    ask(page, "Go on")
    expect(answers(other, "streaming").locator(".prose")).to_contain_text("So far")
    expect(other.locator("article[data-role=user]")).to_have_count(2)
    gate.open()

    for tab in (page, other):
        expect(answers(tab, "complete").last.locator(".prose")).to_have_text("So far, so good.")
        expect(tab.locator("article[data-message-id]")).to_have_count(4)


def test_stop_keeps_the_text(page, upstream):
    upstream.play(role_chunk(), content("Half of"), hang())
    ask(page, "Tell me")
    expect(answers(page, "streaming").locator(".prose")).to_contain_text("Half of")

    page.get_by_role("button", name="Stop").click()

    turn = answers(page, "stopped")
    expect(turn.locator(".prose")).to_have_text("Half of")
    expect(turn).to_contain_text("Stopped by you.")
    expect(turn.locator(".facts")).to_contain_text("≈")
    assert upstream.requests[0].disconnected.wait(PATIENCE)


def test_stop_counts_from_the_first_moment_of_a_new_chat(page, upstream):
    upstream.play(role_chunk(), content("Much too late"), hang())
    # The page sees the answer's address only after it has gone there.
    held = []
    page.route("**/c/", lambda route: held.append(route))

    ask(page, "Never mind", leads=False)
    page.get_by_role("button", name="Stop").click()
    wait_until(page, lambda: held)
    held[0].continue_()

    expect(answers(page, "stopped")).to_have_count(1)


def test_escape_stops_too(page, upstream):
    upstream.play(role_chunk(), content("Half of"), hang())
    ask(page, "Tell me")
    expect(answers(page, "streaming").locator(".prose")).to_contain_text("Half of")

    page.get_by_role("textbox", name="Message").press("Escape")

    expect(answers(page, "stopped").locator(".prose")).to_have_text("Half of")


def test_a_retry_is_another_version_to_step_between(page, upstream):
    upstream.play(*answer("The first answer."))
    upstream.play(*answer("The second answer."))
    ask(page, "Answer me")
    expect(answers(page, "complete").locator(".prose")).to_have_text("The first answer.")

    page.get_by_role("button", name="Retry").click()
    expect(answers(page, "complete").locator(".prose")).to_have_text("The second answer.")
    expect(answers(page)).to_contain_text("2/2")

    page.get_by_role("button", name="Previous version").click()
    expect(answers(page).locator(".prose")).to_have_text("The first answer.")
    page.get_by_role("button", name="Next version").click()
    expect(answers(page).locator(".prose")).to_have_text("The second answer.")
    page.reload()
    expect(answers(page).locator(".prose")).to_have_text("The second answer.")


def test_a_conversation_goes_on_with_all_that_was_said(page, upstream):
    upstream.play(*answer("Green tea."))
    upstream.play(*answer("Because you asked."))
    ask(page, "Which tea?")
    expect(answers(page, "complete")).to_have_count(1)
    ask(page, "Why?")
    expect(answers(page, "complete")).to_have_count(2)

    assert [each["content"] for each in upstream.requests[1].body["messages"]] == [
        "Which tea?",
        "Green tea.",
        "Why?",
    ]


def test_a_failure_is_said_on_the_turn_and_retry_mends_it(page, upstream):
    upstream.play(error_response(502, "bad_gateway", "<b>boom</b>"))
    ask(page, "Hello")

    turn = answers(page, "failed")
    expect(turn).to_contain_text("The provider failed (502). Nothing was charged.")
    upstream.play(*answer("Here I am."))
    turn.get_by_role("button", name="Retry").click()

    expect(answers(page, "complete").locator(".prose")).to_have_text("Here I am.")


def test_the_length_limit_is_said(page, upstream):
    upstream.play(role_chunk(), content("Once upon"), finish("length"), usage(9, 4096), done())

    ask(page, "A story")

    expect(answers(page, "complete")).to_contain_text("Stopped at the 4,096-token limit.")
    assert answers(page).get_attribute("data-finish-reason") == "length"


def test_another_person_gets_404(page, open_page, upstream):
    ask(page, "A secret")
    expect(answers(page, "complete")).to_have_count(1)

    stranger = open_page(name="bob")
    response = stranger.goto(page.url)

    assert response.status == 404
    assert "secret" not in stranger.content()


def test_what_is_stored_is_what_is_shown(page, site, upstream):
    upstream.play(*answer("# Tea\n\n- one\n- two\n\n```python\nprint('tea')\n```\n\nDone."))

    ask(page, "Everything, please")
    turn = answers(page, "complete")
    expect(turn.get_by_role("button", name="Copy code")).to_be_visible()
    message = turn.get_attribute("data-message-id").replace("-", "")

    [(stored,)] = site.rows("select html from conversations_message where id = ?", message)
    reformed = page.evaluate(
        "html => { const t = document.createElement('template'); t.innerHTML = html;"
        " return t.innerHTML }",
        stored,
    )
    page.reload()
    shown = turn.locator(".prose").inner_html()
    assert shown.strip() == reformed.strip()


def test_hostile_words_stay_words(page, upstream):
    hostile = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) <script>alert(1)</script>"
    upstream.play(*answer(hostile))

    ask(page, hostile)

    expect(answers(page, "complete")).to_have_count(1)
    for turn in page.locator("article[data-message-id]").all():
        assert "onerror" in turn.inner_text()
        assert turn.locator("img, script, a[href^=javascript]").count() == 0


def test_code_that_is_still_being_written_reads_as_code(page, upstream):
    gate = Gate()
    lines = "```html\n<b>one</b>\n"
    upstream.play(role_chunk(), content(lines), content("<i>two</i> &amp;\n"), gate, content("```"),
                  finish("stop"), done())  # fmt: skip

    ask(page, "Some HTML")

    code = answers(page).locator("pre")
    expect(code).to_contain_text("<b>one</b>\n<i>two</i> &amp;")
    gate.open()
    expect(answers(page, "complete").locator("pre")).to_contain_text("<i>two</i> &amp;")


def test_tokens_and_cost_are_told_while_one_types(page):
    page.get_by_role("textbox", name="Message").press_sequentially("Hello")

    expect(page.get_by_text(re.compile(r"≈ 8 tokens to send · about \$0\.0000"))).to_be_visible()


def test_it_is_all_in_the_admin(page, upstream):
    upstream.play(*answer("In the ledger.", prompt=1000, completion=200))
    ask(page, "Note this down")
    expect(answers(page, "complete")).to_have_count(1)

    page.goto("/admin/conversations/conversation/")
    row = page.get_by_role("row").filter(has_text="Note this down")
    expect(row).to_contain_text("$0.00027")
    row.get_by_role("link", name="Note this down").click()

    expect(page.locator("body")).to_contain_text("In the ledger.")
