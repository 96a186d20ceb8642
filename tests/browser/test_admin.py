"""What staff see, in a real browser under the same strict policy."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import answers, ask
from tests.upstream_server import Gate, answer, content, hang, role_chunk

# The stock admin's own faults: the search box of a list with a help text.
STOCK = {"label-title-only", "aria-input-field-name", "label"}


@pytest.fixture
def talk(page, upstream):
    upstream.play(*answer("One **bold** answer.", prompt=1000, completion=200))
    upstream.play(*answer("Another one."))
    ask(page, "For the <b>reviewer</b>")
    expect(answers(page, "complete")).to_have_count(1)
    page.get_by_role("button", name="Retry").click()
    expect(answers(page, "complete").locator(".prose")).to_have_text("Another one.")
    return page.url.rstrip("/").rsplit("/", 1)[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_transcript_reads_like_the_chat_with_every_version(
    open_page, talk, width, scheme, complaints
):
    path = f"/admin/conversations/conversation/{talk}/change/"
    page = open_page(path, width=width, color_scheme=scheme)

    expect(page.locator("body")).to_contain_text("For the <b>reviewer</b>")
    expect(page.locator("body")).to_contain_text("Another one.")
    expect(page.locator("strong").filter(has_text="bold")).to_be_attached()
    expect(page.locator("body")).to_contain_text("$0.00027")
    assert complaints == []
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [each["id"] for each in found] == []
    complaints.clear()  # axe itself tries styles on what it looks at


LISTS = ["conversation/", "completion/", "modelprice/", "preset/", "runninganswer/"]


@pytest.mark.parametrize("path", LISTS)
def test_the_lists_open_without_a_complaint(open_page, talk, path):
    page = open_page(f"/admin/conversations/{path}")

    expect(page.locator("#changelist")).to_be_visible()
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert {each["id"] for each in found} <= STOCK


@pytest.mark.parametrize("path", ["conversation/", "modelprice/"])
def test_every_column_is_in_sight_beside_the_open_navigation(open_page, talk, path):
    page = open_page(f"/admin/conversations/{path}")

    results = page.locator(".results").bounding_box()
    last = page.locator("#result_list thead th").last.bounding_box()

    assert last["x"] + last["width"] <= results["x"] + results["width"] + 1


def test_the_admin_has_the_sites_icon(open_page):
    page = open_page("/admin/")

    icon = page.locator('link[rel="icon"]').get_attribute("href")

    assert page.request.get(icon).ok


def test_the_ledger_is_downloaded_as_csv(open_page, talk):
    page = open_page("/admin/conversations/completion/")

    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").first.click()

    lines = download.value.path().read_text().splitlines()
    assert len(lines) >= 3
    assert "0.00027" in download.value.path().read_text()


def test_someone_who_is_not_staff_is_kept_out(open_page):
    page = open_page("/admin/", name="bob")

    expect(page.locator("body")).not_to_contain_text("Completions")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_what_the_model_saw_is_a_step_from_the_transcript(open_page, talk, width, scheme):
    path = f"/admin/conversations/conversation/{talk}/change/"
    page = open_page(path, width=width, color_scheme=scheme)

    page.get_by_role("link", name="What the model saw").first.click()

    expect(page.locator("body")).to_contain_text("Proved: the SHA-256 of these messages")
    expect(page.get_by_role("listitem").filter(has_text="For the <b>reviewer</b>")).to_be_visible()
    page.wait_for_load_state()
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [each["id"] for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_what_runs_now_is_followed_and_stopped(page, open_page, upstream, complaints):
    gate = Gate()
    upstream.play(role_chunk(), content("Half of it."), gate, hang())
    ask(page, "Go on for a while")
    gate.wait_until_reached()

    running = open_page("/admin/conversations/runninganswer/")
    row = running.locator("#result_list tbody tr")
    expect(row).to_have_count(1)
    # It reads itself again: nobody has touched the page.
    expect(row.locator(".field-characters")).to_have_text("11")
    expect(running.locator("body")).not_to_contain_text("Half of it")
    row.get_by_role("button", name="Stop the answer to ada").click()

    expect(running.locator(".messagelist")).to_contain_text("what has arrived is kept")
    expect(answers(page, "stopped").locator(".prose")).to_have_text("Half of it.")
    expect(row).to_have_count(0)
    assert complaints == []
