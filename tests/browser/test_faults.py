"""What happens when something breaks: nothing that was said is lost, and the page says what is."""

import signal

from playwright.sync_api import expect

from tests.browser.conftest import answers, ask, sign_in, wait_until
from tests.upstream_server import Gate, answer, content, done, finish, hang, role_chunk


def test_a_killed_server_loses_at_most_half_a_second_of_text(own_page, own_site, upstream):
    gates = [Gate(), Gate()]
    upstream.play(role_chunk(), content("Kept. "), gates[0], content("Late."), gates[1], hang())
    ask(own_page, "Tell me")
    expect(answers(own_page, "streaming").locator(".prose")).to_contain_text("Kept.")
    stored = "select text from conversations_message where role = 'assistant'"
    wait_until(own_page, lambda: own_site.rows(stored) == [("Kept. ",)])

    own_site.end(signal.SIGKILL)
    own_site.start()

    # The page comes back by itself.
    turn = answers(own_page, "interrupted")
    expect(turn.locator(".prose")).to_have_text("Kept.")
    expect(turn).to_contain_text("Interrupted by a server restart. The text is kept.")
    own_page.reload()
    expect(answers(own_page, "interrupted").locator(".prose")).to_have_text("Kept.")
    [(is_estimated, ended)] = own_site.rows(
        "select is_estimated, ended_at is not null from conversations_completion"
    )
    assert (is_estimated, ended) == (1, 1)


def test_a_server_that_is_told_to_stop_loses_nothing(own_page, own_site, upstream):
    gate = Gate()
    upstream.play(role_chunk(), content("Every "), content("word"), gate, hang())
    ask(own_page, "Tell me")
    expect(answers(own_page, "streaming").locator(".prose")).to_contain_text("Every word")

    code = own_site.end(signal.SIGTERM)
    [(status, text)] = own_site.rows(
        "select status, text from conversations_message where role = 'assistant'"
    )
    own_site.start()
    upstream.play(*answer("Here again."))

    assert (code, status, text) == (0, "interrupted", "Every word")
    expect(answers(own_page, "interrupted")).to_have_count(1)
    ask(own_page, "And now?")
    expect(answers(own_page, "complete").locator(".prose")).to_have_text("Here again.")


def test_a_draft_outlives_a_dead_server(own_page, own_site, upstream):
    upstream.play(*answer("Hello."))
    ask(own_page, "Hello")
    expect(answers(own_page, "complete")).to_have_count(1)
    own_site.end(signal.SIGKILL)

    ask(own_page, "Words that matter")
    expect(own_page.get_by_text("Not sent.", exact=True).first).to_be_visible()
    expect(own_page.get_by_text("Reconnecting. Your draft is safe.").first).to_be_visible()

    own_site.start()
    upstream.play(*answer("They do."))
    own_page.get_by_role("button", name="Try again").click()
    expect(answers(own_page, "complete").last.locator(".prose")).to_have_text("They do.")
    assert own_site.rows(
        "select count(*) from conversations_message where text = 'Words that matter'"
    ) == [(1,)]


def test_a_dead_provider_is_said(own_page, own_site, tmp_path):
    own_site.end()
    own_site.environment["OPENAI_BASE_URL"] = "http://127.0.0.1:9/v1"
    own_site.start()

    ask(own_page, "Anybody there?")

    expect(answers(own_page, "failed")).to_contain_text("The provider cannot be reached.")
    expect(answers(own_page, "failed").get_by_role("button", name="Retry")).to_be_visible()


def test_signed_out_elsewhere_then_in_again(open_page, upstream, site):
    page = open_page(name=None, path="/login/")
    sign_in(page, "ada")
    upstream.play(*answer("Hello."))
    ask(page, "Hello")
    expect(answers(page, "complete")).to_have_count(1)
    other = page.context.new_page()
    other.goto("/")
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url("**/login/**")

    expect(page.get_by_text("Sign in again; your draft is kept.").first).to_be_visible()
    ask(page, "Do not lose me")
    expect(page.get_by_text("Sign in again; your draft is kept.").first).to_be_visible()
    expect(page.get_by_role("textbox", name="Message")).to_have_value("Do not lose me")
    assert page.locator("input[type=password]").count() == 0

    sign_in(other, "ada")
    upstream.play(*answer("You are back."))
    page.get_by_role("button", name="Send").click()
    expect(answers(page, "complete").last.locator(".prose")).to_have_text("You are back.")


def test_a_draft_outlives_a_reload(page):
    page.get_by_role("textbox", name="Message").press_sequentially("Not sent yet")

    page.reload()

    expect(page.get_by_role("textbox", name="Message")).to_have_value("Not sent yet")


def test_a_chat_that_went_on_elsewhere_is_not_forked(page, upstream):
    upstream.play(*answer("One."), times=None)
    ask(page, "First")
    expect(answers(page, "complete")).to_have_count(1)
    stale = page.context.new_page()
    # A tab that never hears of anything: its socket is refused.
    stale.route_web_socket("**/ws/**", lambda socket: socket.close())
    stale.goto(page.url)
    ask(page, "Second")
    expect(answers(page, "complete")).to_have_count(2)

    ask(stale, "From the past")

    expect(stale.get_by_text("This chat continued elsewhere.").first).to_be_visible()
    expect(stale.get_by_role("textbox", name="Message")).to_have_value("From the past")


def test_a_socket_that_is_cut_again_and_again_costs_no_character(open_page, upstream):
    page = open_page()
    words = [f"word{number} " for number in range(60)]
    gates = [Gate() for _ in range(6)]
    steps = [
        step
        for number, gate in enumerate(gates)
        for step in (*(content(word) for word in words[number * 10 : number * 10 + 10]), gate)
    ]
    upstream.play(role_chunk(), *steps, finish("stop"), done())
    servers = []
    page.route_web_socket(
        "**/ws/**", lambda socket: servers.append(socket.connect_to_server()) or None
    )
    ask(page, "Sixty words")
    for number, gate in enumerate(gates):
        expect(answers(page).locator(".prose")).to_contain_text(words[number * 10 + 9].strip())
        servers[-1].close(code=1012)
        gate.open()

    expect(answers(page, "complete").locator(".prose")).to_have_text("".join(words).strip())
