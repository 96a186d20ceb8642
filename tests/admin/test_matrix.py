"""Who may open which page: every page of the admin that is ours, and of the app, by every kind of
person. A page that is not in the table fails the test, so that nobody forgets to decide.
"""

import re
import uuid

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from conversations.models import (
    Alert,
    AlertKind,
    DayUsage,
    FlagReason,
    ModelPrice,
    Preset,
    SiteText,
    Spending,
    TranscriptView,
)
from conversations.review import flags
from tests.accounting.ledger import each, override, spend
from tests.admin.ledger import make_talk
from tests.people import make_person

FIGURES = ("view_conversation", "view_completion", "view_dayusage", "view_flag", "view_note")
FIGURES += ("view_runninganswer",)
RIGHTS = {
    "staff": (),
    "figures": FIGURES,
    "reader": (*FIGURES, "view_transcript"),
    "money": ("view_budget", "change_budget", "add_budget", "delete_budget", "view_alert",
              "view_budgetoverride", "add_budgetoverride", "view_modelprice", "view_dayusage"),
    "auditor": ("view_transcriptview",),
    "people": ("view_user", "change_user", "view_preset", "view_sitetext"),
}  # fmt: skip
KINDS = ("stranger", "person", *RIGHTS, "super")

# In the order of KINDS. 200 opens, 302 leads to the login (or to the one form of a list), 403 refuses, 405 is for POST.
TABLE = """
alert_changelist             302 302 403 403 403 200 403 403 200
alert_add                    302 302 403 403 403 403 403 403 403
alert_history                302 302 403 403 403 200 403 403 200
alert_delete                 302 302 403 403 403 403 403 403 403
alert_change                 302 302 403 403 403 200 403 403 200
budget_allow                 302 302 403 403 403 200 403 403 200
budget_people                302 302 403 403 403 200 403 403 200
budget_changelist            302 302 403 403 403 200 403 403 200
budget_add                   302 302 403 403 403 200 403 403 200
budget_history               302 302 403 403 403 200 403 403 200
budget_delete                302 302 403 403 403 200 403 403 200
budget_change                302 302 403 403 403 200 403 403 200
budgetoverride_changelist    302 302 403 403 403 200 403 403 200
budgetoverride_add           302 302 403 403 403 403 403 403 403
budgetoverride_history       302 302 403 403 403 200 403 403 200
budgetoverride_delete        302 302 403 403 403 403 403 403 403
budgetoverride_change        302 302 403 403 403 200 403 403 200
completion_export            302 302 403 200 200 403 403 403 200
completion_seen              302 302 403 403 200 403 403 403 200
completion_changelist        302 302 403 200 200 403 403 403 200
completion_add               302 302 403 403 403 403 403 403 403
completion_history           302 302 403 200 200 403 403 403 200
completion_delete            302 302 403 403 403 403 403 403 403
completion_change            302 302 403 200 200 403 403 403 200
conversation_markdown        302 302 403 403 200 403 403 403 200
conversation_json            302 302 403 403 200 403 403 403 200
conversation_usage           302 302 403 200 200 403 403 403 200
conversation_flag            302 302 403 302 302 403 403 403 302
conversation_note            302 302 403 302 302 403 403 403 302
conversation_flag_resolve    302 302 403 302 302 403 403 403 302
conversation_flag_hand-over  302 302 403 302 302 403 403 403 302
conversation_changelist      302 302 403 200 200 403 403 403 200
conversation_add             302 302 403 403 403 403 403 403 403
conversation_history         302 302 403 403 200 403 403 403 200
conversation_delete          302 302 403 403 403 403 403 403 403
conversation_change          302 302 403 200 200 403 403 403 200
flag_changelist              302 302 403 200 200 403 403 403 200
flag_add                     302 302 403 403 403 403 403 403 403
flag_history                 302 302 403 200 200 403 403 403 200
flag_delete                  302 302 403 403 403 403 403 403 403
flag_change                  302 302 403 302 302 403 403 403 302
transcriptview_changelist    302 302 403 403 403 403 200 403 200
transcriptview_add           302 302 403 403 403 403 403 403 403
transcriptview_history       302 302 403 403 403 403 403 403 403
transcriptview_delete        302 302 403 403 403 403 403 403 403
transcriptview_change        302 302 403 403 403 403 403 403 403
auth_user_export             302 302 403 403 403 403 403 403 200
auth_user_erase              302 302 403 403 403 403 403 403 200
auth_user_password_change    302 302 403 403 403 403 403 200 200
auth_user_changelist         302 302 403 403 403 403 403 200 200
auth_user_add                302 302 403 403 403 403 403 403 200
auth_user_history            302 302 403 403 403 403 403 200 200
auth_user_delete             302 302 403 403 403 403 403 403 200
auth_user_change             302 302 403 403 403 403 403 200 200
preset_changelist            302 302 403 403 403 403 403 200 200
preset_add                   302 302 403 403 403 403 403 403 200
preset_history               302 302 403 403 403 403 403 200 200
preset_delete                302 302 403 403 403 403 403 403 200
preset_change                302 302 403 403 403 403 403 200 200
modelprice_changelist        302 302 403 403 403 200 403 403 200
modelprice_add               302 302 403 403 403 403 403 403 200
modelprice_history           302 302 403 403 403 200 403 403 200
modelprice_delete            302 302 403 403 403 403 403 403 200
modelprice_change            302 302 403 403 403 200 403 403 200
runninganswer_stop           302 302 403 403 403 403 403 403 405
runninganswer_changelist     302 302 403 200 200 403 403 403 200
runninganswer_add            302 302 403 403 403 403 403 403 403
runninganswer_history        302 302 302 302 302 302 302 302 302
runninganswer_delete         302 302 403 403 403 403 403 403 403
runninganswer_change         302 302 403 302 302 403 403 403 302
sitetext_changelist          302 302 302 302 302 302 302 302 302
sitetext_add                 302 302 403 403 403 403 403 403 403
sitetext_history             302 302 403 403 403 403 403 200 200
sitetext_delete              302 302 403 403 403 403 403 403 403
sitetext_change              302 302 403 403 403 403 403 200 200
dayusage_export              302 302 403 200 200 200 403 403 200
dayusage_changelist          302 302 403 200 200 200 403 403 200
dayusage_add                 302 302 403 403 403 403 403 403 403
dayusage_history             302 302 403 403 403 403 403 403 403
dayusage_delete              302 302 403 403 403 403 403 403 403
dayusage_change              302 302 403 403 403 403 403 403 403
/                            302 200 200 200 200 200 200 200 200
/usage/                      302 200 200 200 200 200 200 200 200
/metrics                     401 401 200 200 200 200 200 200 200
/admin/                      302 302 200 200 200 200 200 200 200
chat of another person       302 404 404 404 404 404 404 404 404
"""


@pytest.fixture
def site(alice, carol, prices):
    """One of everything that has a page."""
    team = Group.objects.create(name="Team")
    alice.groups.add(team)
    talk = make_talk(alice)
    bounded = each("10")
    spend(alice, "1")
    spending = Spending.objects.filter(user=alice, period="month").get()
    flag = flags.raise_flag(talk, carol, FlagReason.OTHER, "Look")
    made = override(bounded, "1", spending.begins, alice)
    alert = Alert.objects.create(kind=AlertKind.NEAR, spending=spending, spent=1, words="Near")
    view = TranscriptView.objects.create(
        conversation=talk, owner_name="alice", reader=carol, reader_name="carol"
    )
    return {
        "conversation": talk,
        "completion": talk.completions.get(),
        "flag": flag,
        "budget": bounded,
        "budgetoverride": made,
        "alert": alert,
        "transcriptview": view,
        "modelprice": ModelPrice.objects.first(),
        "preset": Preset.objects.create(name="Tea", model="m"),
        "sitetext": SiteText.objects.create(),
        "user": alice,
        "dayusage": DayUsage.objects.earliest("pk"),
        "runninganswer": None,
    }


def names():
    """Of every page that the admin has for our models and for people."""

    def walk(patterns):
        for one in patterns:
            if hasattr(one, "url_patterns"):
                yield from walk(one.url_patterns)
            elif one.name:
                yield one.name, str(one.pattern)

    ours = re.compile(r"conversations_|auth_user_")
    return {name: path for name, path in walk(admin.site.urls[0]) if ours.match(name)}


def address(name, path, site):
    model = name.split("_")[1]
    key = site[model].pk if site.get(model) else uuid.uuid4() if "uuid" in path else 1
    arguments = []
    for converter, argument in re.findall(r"<(?:(\w+):)?(\w+)>", path):
        arguments.append("days" if converter == "slug" else key)
        if argument == "flag_id":
            arguments[-1] = site["flag"].pk
    return reverse(f"admin:{name}", args=arguments)


def signed_in(client, kind, carol):
    client.logout()
    if kind == "person":
        client.force_login(make_person("pat"))
    elif kind == "super":
        client.force_login(carol)
    elif kind in RIGHTS:
        person = make_person(kind, is_staff=True)
        person.user_permissions.set(Permission.objects.filter(codename__in=RIGHTS[kind]))
        client.force_login(person)


APP = ("/", "/usage/", "/metrics", "/admin/")


@pytest.mark.django_db
def test_every_page_opens_for_whom_it_is_for(client, carol, site):
    found = {}
    for kind in KINDS:
        signed_in(client, kind, carol)
        for name, path in names().items():
            status = client.get(address(name, path, site)).status_code
            found.setdefault(name.removeprefix("conversations_"), []).append(str(status))
        for path in APP:
            found.setdefault(path, []).append(str(client.get(path).status_code))
        talk = site["conversation"].pk
        found.setdefault("chat of another person", []).append(
            str(client.get(f"/c/{talk}/").status_code)
        )

    width = max(map(len, found))
    lines = [f"{name:{width}}  {' '.join(statuses)}" for name, statuses in found.items()]
    assert lines == TABLE.strip().splitlines()
