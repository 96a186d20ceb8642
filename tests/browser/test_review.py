"""A reviewer's way in a real browser: find, read, flag, note, hand over, resolve, take away."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import answers, ask
from tests.people import PASSWORD
from tests.upstream_server import answer

ADMIN = "/admin/conversations"
# The stock admin's own faults: the search box of a list with a help text, an account's password.
STOCK = {"label-title-only", "aria-input-field-name", "label", "aria-prohibited-attr"}


@pytest.fixture(scope="module")
def people(site):
    """Rita and Theo review; budgets and alerts are there to be looked at."""
    return site.manage(
        "from django.contrib.auth.models import User\n"
        "from conversations import accounting\n"
        "from conversations.models import *\n"
        "for name in ('rita', 'theo'):\n"
        f"    User.objects.create_superuser(name, password={PASSWORD!r})\n"
        "each = Budget.objects.create(scope='each', period='month', limit='20')\n"
        "ada = User.objects.get(username='ada')\n"
        "row, _ = Spending.objects.get_or_create(\n"
        "    user=ada, period='month', begins=accounting.account_of(ada.pk).day.replace(day=1)\n"
        ")\n"
        "Alert.objects.create(kind='near', spending=row, spent=16, limit=20, words='ada: near')\n"
        "print(each.pk, ada.pk)"
    ).split()


@pytest.fixture
def talk(page, upstream):
    """With an answer in two versions, by ada."""
    upstream.play(*answer("Steep it for **three** minutes.", prompt=1000, completion=200))
    upstream.play(*answer("Steep it for four minutes.", prompt=1000, completion=300))
    ask(page, "How long does Lapsang steep?")
    expect(answers(page, "complete")).to_have_count(1)
    page.get_by_role("button", name="Retry").click()
    expect(answers(page, "complete").locator(".prose")).to_have_text("Steep it for four minutes.")
    return page.url.rstrip("/").rsplit("/", 1)[1]


@pytest.fixture
def marked(site, people, talk):
    """The talk with a flag on a turn, and a note."""
    site.manage(
        "from django.contrib.auth.models import User\n"
        "from conversations.models import *\n"
        "from conversations.review import flags, notes\n"
        f"talk = Conversation.objects.get(pk={talk!r})\n"
        "rita = User.objects.get(username='rita')\n"
        "flags.raise_flag(talk, rita, FlagReason.WRONG, 'Too long', talk.current_leaf)\n"
        "notes.write(talk, rita, 'Asked a tea taster.')"
    )
    return talk


def violations(page):
    page.wait_for_load_state()
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return {each["id"] for each in found}


def test_a_reviewer_finds_reads_flags_notes_and_takes_away(open_page, people, talk):
    page = open_page(f"{ADMIN}/conversation/", name="rita")

    # Found by a word that was said.
    page.locator("#searchbar").fill("Lapsang")
    page.keyboard.press("Enter")
    page.locator("#result_list tbody th a").first.click()
    expect(page.locator(".reading").first).to_contain_text("Steep it for four minutes.")
    expect(page.locator(".reading").first).to_contain_text("Steep it for three minutes.")

    page.get_by_text("Flag the whole conversation").first.click()
    form = page.locator("#flags form").filter(has_text="Flag the whole conversation")
    form.get_by_label("Reason").select_option(label="Wrong or misleading answer")
    form.get_by_label("Words").fill("Four is <b>too long</b>")
    form.get_by_role("button").click()
    expect(page.locator("#flags")).to_contain_text("Four is <b>too long</b>")

    # And one of its turns, by the same form.
    turn = page.locator(".reading__turn").filter(has_text="four minutes")
    turn.get_by_role("link", name="Flag this turn").click()
    form = page.locator("#flags form").filter(has_text="Flag turn #")
    form.get_by_role("button", name="Flag turn #").click()
    expect(turn).to_contain_text("Flag: wrong or misleading answer")

    page.get_by_text("Write a note").click()
    page.get_by_label("A note for reviewers").fill("Asked a tea taster.")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator("#notes")).to_contain_text("Asked a tea taster.")

    address = page.url.split("#")[0]
    with page.expect_download() as download:
        page.get_by_role("link", name="Markdown").click()
    assert "Steep it for **three** minutes." in download.value.path().read_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="JSON").click()
    assert talk in json.dumps(json.loads(download.value.path().read_text()))
    page.goto(address)
    expect(page.locator("body")).to_contain_text("Read by")


def test_a_flag_is_handed_over_found_in_the_queue_and_resolved(open_page, people, talk):
    page = open_page(f"{ADMIN}/conversation/{talk}/change/", name="rita")
    page.get_by_text("Flag the whole conversation").first.click()
    page.locator("#flags form").last.get_by_role("button").click()
    page.locator("summary").filter(has_text="Hand over").click()
    page.get_by_label("To:", exact=True).select_option(label="theo")
    page.get_by_label("Why").fill("You know tea.")
    page.get_by_role("button", name="Hand over").click()
    expect(page.locator("#notes")).to_contain_text("theo")

    theirs = open_page(f"{ADMIN}/flag/", name="theo")
    theirs.get_by_role("link", name="Mine").click()
    theirs.locator("#result_list tbody a").first.click()
    theirs.locator("summary").filter(has_text="Resolve").first.click()
    theirs.get_by_label("Outcome").fill("Three minutes it is.")
    theirs.get_by_role("button", name="Resolve").click()

    expect(theirs.locator("#flags")).to_contain_text("Three minutes it is.")
    expect(theirs.locator("#flags")).to_contain_text("Resolved flags")


PAGES = [
    "/admin/",
    f"{ADMIN}/dayusage/",
    f"{ADMIN}/dayusage/?period=year",
    f"{ADMIN}/flag/?state=all",
    f"{ADMIN}/transcriptview/",
    f"{ADMIN}/budget/",
    f"{ADMIN}/budget/add/",
    f"{ADMIN}/budget/BUDGET/change/",
    f"{ADMIN}/budget/BUDGET/allow/",
    f"{ADMIN}/budget/BUDGET/people/",
    f"{ADMIN}/budgetoverride/",
    f"{ADMIN}/alert/",
    f"{ADMIN}/sitetext/",
    f"{ADMIN}/completion/",
    f"{ADMIN}/conversation/",
    f"{ADMIN}/conversation/TALK/change/",
    "/admin/auth/user/ADA/change/",
    "/admin/auth/user/ADA/erase/",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_our_pages(open_page, people, marked, scheme, complaints):
    budget, ada = people
    page = open_page(PAGES[0], color_scheme=scheme)
    found = {}
    for path in PAGES:
        page.goto(path.replace("BUDGET", budget).replace("ADA", ada).replace("TALK", marked))
        if wrong := violations(page) - STOCK:
            found[path] = wrong
    page.goto(f"{ADMIN}/conversation/{marked}/change/")
    expect(page.locator(".review__mark--open")).to_have_count(1)
    expect(page.locator(".review__note")).to_have_count(1)
    expect(page.locator(".reading__versions")).not_to_have_count(0)
    page.get_by_role("link", name="Flag this turn").first.click()
    assert violations(page) - STOCK == set()
    assert found == {}
    complaints.clear()  # axe itself tries styles on what it looks at


@pytest.mark.parametrize("path", PAGES)
def test_nothing_overflows_on_a_phone(open_page, people, talk, path):
    budget, ada = people
    page = open_page(
        path.replace("BUDGET", budget).replace("ADA", ada).replace("TALK", talk), width=390
    )

    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
