"""/usage/: one's own, and nobody else's; everything adds up."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.models import Budget, Period, Purpose, Scope
from tests.admin.ledger import ask, book, make_talk
from tests.people import make_conversation

TAG = re.compile(r"<[^>]+>")


@pytest.fixture
def page(alice):
    client = Client()
    client.force_login(alice)
    return client


def read(page, period="", **more):
    return page.get("/usage/", {"period": period, **more}).content.decode()


def table(html, title):
    """Its rows as the words in their cells, the last one what they add up to."""
    [inside] = re.findall(rf"<caption[^>]*>{title}:.*?</caption>(.*?)</table>", html, re.S)
    rows = re.findall(r"<tr>(.*?)</tr>", inside, re.S)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]
    return [[TAG.sub("", cell).replace("&nbsp;", " ") for cell in row] for row in cells[1:]]


def month_before(day):
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def test_the_month_adds_up_by_day_model_and_chat(page, alice, monkeypatch):
    today = timezone.localdate()
    tea = make_talk(alice, title="Tea", call={"cost": Decimal("0.5")})
    ask(tea, cost=Decimal("0.25"), model="gpt-4o", day=Period.MONTH.begin(today))
    make_talk(alice, title="Coffee", call={"cost": Decimal("1.25"), "cached_tokens": 60})

    html = read(page)

    whole = ["All", "$2.00", "3", "300 (60 cached)", "60"]
    models, chats = table(html, "By model"), table(html, "By chat")
    assert models == [
        ["gpt-4o-mini", "$1.75", "2", "200 (60 cached)", "40"],
        ["gpt-4o", "$0.2500", "1", "100", "20"],
        whole,
    ]
    assert chats == [
        ["Coffee", "$1.25", "1", "100 (60 cached)", "20"],
        ["Tea", "$0.7500", "2", "200", "40"],
        whole,
    ]
    days = table(html, "By day")
    assert days[-1] == whole
    assert sum(int(row[2]) for row in days[:-1]) == 3
    assert days[0][0] == f"{today:%-d %b}"
    assert f'href="/c/{tea.pk}/">Tea</a>' in html


def test_what_was_deleted_is_a_sum_and_what_has_no_chat_another(page, alice):
    make_talk(alice, title="Here", call={"cost": Decimal(1)})
    for number in range(2):
        make_talk(
            alice,
            title=f"Secret {number}",
            deleted_at=timezone.now(),
            call={"cost": Decimal(2)},
        )
    gone = make_talk(alice, title="Gone", call={"cost": Decimal(8)})
    gone.delete()

    html = read(page)

    assert table(html, "By chat") == [
        ["Here", "$1.00", "1", "100", "20"],
        ["Deleted chats", "$4.00", "2", "200", "40"],
        ["Calls of no chat", "$8.00", "1", "100", "20"],
        ["All", "$13.00", "4", "400", "80"],
    ]
    assert "Secret" not in html
    assert "Gone" not in html


def test_only_the_dearest_chats_are_named_and_the_rest_is_a_sum(page, alice, monkeypatch):
    monkeypatch.setattr("conversations.views.spent.MOST_CHATS", 2)
    for cost in (1, 2, 3, 4):
        make_talk(alice, title=f"Chat {cost}", call={"cost": Decimal(cost)})

    assert [row[0] for row in table(read(page), "By chat")] == [
        "Chat 4",
        "Chat 3",
        "2 more chats",
        "All",
    ]
    assert table(read(page), "By chat")[2][1] == "$3.00"


def test_what_others_used_is_never_counted(page, alice, bob):
    make_talk(bob, title="Bob's", call={"cost": Decimal(5)})
    make_talk(alice, title="Alice's", call={"cost": Decimal(1)})

    html = read(page)

    assert "Bob" not in html
    assert table(html, "By chat")[-1] == ["All", "$1.00", "1", "100", "20"]


def test_summaries_count_and_are_named(page, alice):
    talk = make_talk(alice, call={"cost": Decimal(1)})
    book(None, talk, purpose=Purpose.SUMMARY, cost=Decimal("0.5"))

    html = read(page)

    assert "Summaries of long chats took 1 call of these, for $0.5000." in html
    assert table(html, "By chat")[-1][1] == "$1.50"


def test_the_period_is_chosen_by_its_name(page, alice):
    today = timezone.localdate()
    before = month_before(today)
    last_year = before.replace(year=before.year - 1)
    make_talk(alice, title="Now", call={"cost": Decimal(1)})
    make_talk(alice, title="Before", call={"cost": Decimal(2), "day": before})
    make_talk(alice, title="Long ago", call={"cost": Decimal(4), "day": last_year})

    assert table(read(page), "By day")[-1][1] == "$1.00"
    assert table(read(page, "nonsense' OR 1"), "By day")[-1][1] == "$1.00"
    assert table(read(page, "last-month"), "By day") == [
        [f"{before:%-d %b}", "$2.00", "1", "100", "20"],
        ["All", "$2.00", "1", "100", "20"],
    ]
    months = table(read(page, "year"), "By month")
    assert [(row[0], row[1]) for row in months] == [
        (f"{today:%b %Y}", "$1.00"),
        (f"{before:%b %Y}", "$2.00"),
        ("All", "$3.00"),
    ]


def test_days_are_those_of_the_sites_calendar(page, alice, settings):
    settings.TIME_ZONE = "Pacific/Kiritimati"
    make_talk(alice, call={"cost": Decimal(1)})

    assert table(read(page), "By day")[0][0] == f"{timezone.localdate():%-d %b}"


def test_an_unknown_cost_is_said_to_be_unknown(page, alice):
    make_talk(alice, title="Known", call={"cost": Decimal(1)})
    make_talk(alice, title="Unknown", call={"cost": None, "model": "house-model"})

    html = read(page)

    chats = {row[0]: row[1] for row in table(html, "By chat")}
    assert chats == {"Known": "$1.00", "Unknown": "cost unknown", "All": "$1.00 + unknown"}
    assert "What 1 call cost is not known" in html


def test_what_is_estimated_is_marked(page, alice):
    make_talk(alice, title="Told", call={"cost": Decimal(1)})
    make_talk(alice, title="Guessed", call={"cost": Decimal(1), "is_estimated": True})

    html = read(page)

    chats = {row[0]: row[1] for row in table(html, "By chat")}
    assert chats["Told"] == "$1.00"
    assert chats["Guessed"] == "≈ $1.00 (estimated in part)"
    assert "of 1 call the provider told no usage" in html


def test_nothing_used_is_said(page, alice):
    html = read(page)

    assert "Nothing was used in this time." in html
    assert "<table" not in html


def test_titles_and_models_are_no_markup(page, alice):
    evil = "<script>alert(1)</script>"
    make_talk(alice, title=evil, call={"model": "<b>model</b>", "cost": Decimal(1)})
    group = Group.objects.create(name="<i>group</i>")
    alice.groups.add(group)
    Budget.objects.create(scope=Scope.GROUP, group=group, limit=Decimal(5))

    html = read(page)

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;b&gt;model&lt;/b&gt;" in html
    assert "&lt;i&gt;group&lt;/i&gt;" in html
    assert not re.search(r"<(script|b|i)>", html)


def test_the_budgets_that_hold_are_told_ones_own_in_amounts(page, alice, bob):
    group = Group.objects.create(name="editors")
    alice.groups.add(group)
    for fields in (
        {"scope": Scope.SITE, "limit": Decimal(100)},
        {"scope": Scope.GROUP, "group": group, "limit": Decimal(40)},
        {"scope": Scope.PERSON, "person": alice, "limit": Decimal(20)},
        {"scope": Scope.PERSON, "person": bob, "limit": Decimal(7)},
    ):
        Budget.objects.create(**fields)
    make_talk(alice, call={"cost": Decimal("7.42"), "groups": [group.pk]})
    make_talk(bob, call={"cost": Decimal("4.58")})

    html = TAG.sub("", read(page)).replace("&#x27;", "'")

    assert "You have used $7.42 of this month's $20.00." in html
    assert "Your group “editors” has used 18 % of this month's $40.00." in html
    assert "The whole site has used 12 % of this month's $100.00." in html
    assert html.count("It resets on 1 ") == 3
    assert "4.58" not in html
    assert "$7.00" not in html


def test_a_gauge_is_named_by_the_words_above_it_and_exact(page, alice):
    for limit, period in ((100, Period.MONTH), (200, Period.DAY)):
        Budget.objects.create(scope=Scope.EACH, limit=Decimal(limit), period=period)
    Budget.objects.create(scope=Scope.SITE, limit=Decimal(50))
    make_talk(alice, call={"cost": Decimal(29)})

    html = read(page)

    found = re.findall(r'<meter[^>]*aria-labelledby="([^"]*)"[^>]*value="(\d+)"', html)
    assert sorted(int(percent) for _, percent in found) == [14, 29, 58]
    assert len({name for name, _ in found}) == 3
    for name, _ in found:
        assert len(re.findall(rf'<p [^>]*id="{re.escape(name)}"', html)) == 1


def test_queries_do_not_grow_with_what_was_used(page, alice):
    Budget.objects.create(scope=Scope.EACH, limit=Decimal(20))
    make_talk(alice)
    with CaptureQueriesContext(connection) as few:
        read(page, "year")
    for number in range(5):
        make_talk(alice, title=f"Chat {number}", call={"model": f"model-{number}"})

    with CaptureQueriesContext(connection) as many:
        read(page, "year")

    assert len(many) == len(few)


def test_back_leads_to_the_chat_that_one_came_from(page, alice, bob):
    mine, foreign = make_conversation(alice), make_conversation(bob)

    assert f'href="/c/{mine.pk}/">Back to the chat' in read(page, **{"from": mine.pk})
    for given in (foreign.pk, "nonsense", ""):
        html = read(page, **{"from": given})
        assert 'href="/">Back to the chat' in html
        assert str(foreign.pk) not in html


def test_it_wants_a_session_and_changes_nothing(page, db):
    assert Client().get("/usage/").status_code == 302
    assert page.post("/usage/").status_code == 405


# --- the meter at the foot of the sidebar ----------------------------------------------------


def meter(html):
    [inside] = re.findall(r'<div class="spent" id="spent".*?</div>', html, re.S)
    return inside


def words(html):
    return " ".join(TAG.sub("", re.sub(r"<meter.*?</meter>", "", meter(html))).split())


def test_the_meter_shows_the_month_without_a_budget(page, alice, bob):
    make_talk(alice, call={"cost": Decimal("7.42")})
    make_talk(bob, call={"cost": Decimal(3)})

    html = page.get("/").content.decode()

    assert words(html) == "This month $7.42"
    assert "<meter" not in meter(html)
    assert 'href="/usage/"' in meter(html)


@pytest.mark.parametrize(
    ("spent", "state"), [("15.99", ""), ("16", "near"), ("20", "reached"), ("21", "reached")]
)
def test_the_meter_turns_amber_at_80_percent_and_red_at_the_limit(page, alice, spent, state):
    Budget.objects.create(scope=Scope.EACH, limit=Decimal(20))
    make_talk(alice, call={"cost": Decimal(spent)})

    html = page.get("/").content.decode()

    assert words(html) == f"This month ${Decimal(spent):.2f} of $20.00"
    found = re.search(r'<meter[^>]*data-state="(\w+)"', meter(html))
    assert (found[1] if found else "") == state


def test_the_meter_is_of_ones_own_budget_with_the_least_left(page, alice):
    for fields in (
        {"scope": Scope.SITE, "limit": Decimal("0.1")},
        {"scope": Scope.EACH, "limit": Decimal(20)},
        {"scope": Scope.PERSON, "person": alice, "period": Period.DAY, "limit": Decimal(1)},
    ):
        Budget.objects.create(**fields)
    make_talk(alice, call={"cost": Decimal("0.42")})

    assert words(page.get("/").content.decode()) == "Today $0.42 of $1.00"


def test_nothing_spent_and_a_limit_of_nothing_can_be_shown(page, alice):
    assert words(page.get("/").content.decode()) == "This month $0.00"
    Budget.objects.create(scope=Scope.EACH, limit=Decimal(0))

    html = page.get("/").content.decode()

    assert words(html) == "This month $0.00 of $0.00"
    assert 'value="100"' in meter(html)


def test_the_estimate_brings_the_meter_along(page, alice, prices):
    talk = make_talk(alice, call={"cost": Decimal("7.42")})

    html = page.post(f"/c/{talk.pk}/estimate/", {"text": "Hello"}).content.decode()

    assert 'id="spent" hx-swap-oob="true"' in html
    assert words(html.replace(' hx-swap-oob="true"', "")) == "This month $7.42"
    assert f'href="/usage/?from={talk.pk}"' in html
    assert 'id="totals" hx-swap-oob="true"' in html
    assert "$7.42" in re.search(r'id="totals".*?</span>', html)[0]


# --- the estimate line ----------------------------------------------------------------------


def estimate(page, talk, text="Hello"):
    html = page.post(f"/c/{talk.pk}/estimate/", {"text": text}).content.decode()
    return html.replace("&#x27;", "'")


def test_the_estimate_says_what_would_be_refused_and_offers_what_fits(page, alice, prices):
    talk = make_conversation(alice)
    Budget.objects.create(scope=Scope.EACH, limit=Decimal("0.001"))

    html = estimate(page, talk)

    assert "This could cost $0.0025; $0.0010 of this month's $0.0010 is left." in html
    assert re.search(r'data-limit="\d+">Send with an? [\d,]+-token limit</button>', html)
    assert "data-blocked" not in html


def test_where_nothing_fits_sending_is_blocked_until_there_is_money_again(page, alice, prices):
    talk = make_talk(alice, call={"cost": Decimal(1)})
    budget = Budget.objects.create(scope=Scope.EACH, limit=Decimal(1))

    blocked = estimate(page, talk)
    budget.limit = Decimal(2)
    budget.save()
    again = estimate(page, talk)

    assert "data-blocked>You have used this month's $1.00. It resets on 1 " in blocked
    assert "data-limit" not in blocked
    assert "estimate__problem" not in again
    assert "to send" in again


def test_an_empty_draft_is_offered_nothing(page, alice, prices):
    Budget.objects.create(scope=Scope.EACH, limit=Decimal("0.001"))

    assert "data-limit" not in estimate(page, make_conversation(alice), " \n")


def test_a_budget_costs_the_estimate_a_fixed_number_of_queries(page, alice, prices):
    talk = make_talk(alice)
    Budget.objects.create(scope=Scope.EACH, limit=Decimal(20))
    estimate(page, talk)
    with CaptureQueriesContext(connection) as one:
        estimate(page, talk)
    for name in ("a", "b", "c"):
        group = Group.objects.create(name=name)
        alice.groups.add(group)
        Budget.objects.create(scope=Scope.GROUP, group=group, limit=Decimal(20))

    with CaptureQueriesContext(connection) as many:
        estimate(page, talk)

    assert len(many) == len(one)
