"""Everything about one person, as JSON: all that is stored, and no secret."""

import json
from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User

from conversations.models import (
    Alert,
    Budget,
    Completion,
    Conversation,
    DayUsage,
    Flag,
    Look,
    Message,
    Note,
    Preset,
    Scope,
    Spending,
    Summary,
    TranscriptView,
)
from conversations.review.person import LEFT_OUT, note_export, pieces
from conversations.threads import delete
from tests.accounting.ledger import budget, spend
from tests.admin.ledger import make_talk
from tests.review.planted import WORD, plant

NASTY = 'Say "hi"\n\u2028</script> 日本'


def exported(person) -> dict:
    return json.loads("".join(pieces(person)))


def names_of(model) -> set[str]:
    names = {field.name for field in model._meta.concrete_fields}
    return names - LEFT_OUT.get(model, set())


# Every row that has to do with a person, and where the document has it. A relation that is not
# here fails the test, so that nobody forgets to decide.
RELATIONS = {
    "alert.seen_by": "alerts_seen",
    "allowance.user": "allowance",
    "budget.person": "budgets",
    "budgetoverride.made_by": "budget_overrides_made",
    "budgetoverride.person": "budget_overrides",
    "completion.user": "calls",
    "conversation.owner": "conversations",
    "dayusage.user": "usage_by_day",
    "flag.raised_by": "flags_raised",
    "flag.resolved_by": "flags_resolved",
    "flag.reviewer": "flags_in_hand",
    "message.owner": "conversations",
    "note.author": "notes_written",
    "preset.owner": "presets",
    "reservation.user": "held_back",
    "setupclaim.user": "site_set_up",
    "spending.user": "spending",
    "transcriptview.reader": "transcripts_read",
}


def test_every_relation_to_a_person_is_told(alice):
    models = apps.get_app_config("conversations").get_models()
    fields = [field for model in models for field in model._meta.get_fields()]
    found = {
        f"{field.model._meta.model_name}.{field.name}"
        for field in fields
        if field.concrete and field.related_model is User
    }

    assert found == set(RELATIONS)
    assert set(RELATIONS.values()) <= exported(alice).keys()


def test_alerts_of_what_they_spent_are_in_it_and_what_others_spent_is_not(alice, bob):
    for person in (alice, bob):
        budget("1", person)
        spend(person, "0.9")
    Alert.objects.update(seen_by=alice)

    told = exported(alice)

    assert [each["words"] for each in told["alerts"]] == [
        Alert.objects.get(spending__user=alice).words
    ]
    assert len(told["alerts_seen"]) == 2
    assert not any("words" in each for each in told["alerts_seen"])


@pytest.mark.parametrize(
    ("model", "rows"),
    [
        (User, lambda told: [told["account"]]),
        (Conversation, lambda told: told["conversations"]),
        (Message, lambda told: told["conversations"][0]["messages"]),
        (Summary, lambda told: told["conversations"][0]["summaries"]),
        (Flag, lambda told: told["conversations"][0]["flags"]),
        (Note, lambda told: told["conversations"][0]["notes"]),
        (TranscriptView, lambda told: told["conversations"][0]["read_by"]),
        (Preset, lambda told: told["presets"]),
        (Completion, lambda told: told["calls"]),
        (DayUsage, lambda told: told["usage_by_day"]),
        (Spending, lambda told: told["spending"]),
        (Budget, lambda told: told["budgets"]),
    ],
)
def test_every_column_of_every_row_comes_along(alice, carol, model, rows):
    talk = plant(alice)
    Budget.objects.create(scope=Scope.PERSON, person=alice, limit=5)
    TranscriptView.objects.create(conversation=talk, owner_name="alice", reader=carol)

    found = rows(exported(alice))

    assert found
    assert all(names_of(model) <= row.keys() for row in found)


def test_texts_and_amounts_are_exact(alice):
    talk = make_talk(alice, NASTY, {"cost": Decimal("0.000000000001")}, title=NASTY)

    told = exported(alice)

    assert told["conversations"][0]["title"] == NASTY
    assert [each["text"] for each in told["conversations"][0]["messages"]] == [
        NASTY,
        "Three minutes.",
    ]
    assert told["calls"][0]["cost"] == "0.000000000001"
    assert told["calls"][0]["conversation"] == str(talk.pk)


def test_what_was_deleted_and_what_is_not_shown_now_is_in_it(alice):
    talk = plant(alice)
    delete(talk.messages.get(role="user"))
    Conversation.objects.update(deleted_at=talk.created_at)

    (told,) = exported(alice)["conversations"]

    assert WORD in json.dumps(told["messages"])
    assert (len(told["messages"]), told["deleted_at"]) == (3, talk.created_at.isoformat())


def test_no_secret_is_in_it(client, alice):
    client.force_login(alice)
    alice.refresh_from_db()

    told = "".join(pieces(alice))

    assert alice.password not in told
    assert client.session.session_key not in told


def test_nothing_of_other_people_is_in_it(alice, bob):
    plant(alice, word="kettle")
    talk = plant(bob)
    flag = talk.flags.create(reason="cost", words=f"{WORD}!", raised_by=alice)
    talk.notes.create(author=alice, author_name="alice", text=WORD)

    told = exported(alice)

    assert WORD not in json.dumps(told)
    assert [each["id"] for each in told["flags_raised"]] == [flag.pk]
    assert [each["conversation"] for each in told["notes_written"]] == [str(talk.pk)]


def test_an_empty_account_is_a_whole_document(alice):
    alice.groups.add(Group.objects.create(name="team"))

    told = exported(alice)

    assert (told["account"]["username"], told["account"]["groups"]) == ("alice", ["team"])
    assert (told["conversations"], told["calls"], told["presets"]) == ([], [], [])


def test_that_it_was_taken_is_in_the_log_of_readings(alice, carol):
    note_export(alice, carol, "carol")

    row = TranscriptView.objects.get()
    assert (row.owner_name, row.reader, row.reader_name) == ("alice", carol, "carol")
    assert (row.how, row.conversation) == (Look.PERSON, None)
    assert [each["reader_name"] for each in exported(alice)["all_read_by"]] == ["carol"]


def test_who_took_it_is_told_also_of_a_former_name_and_not_of_anothers(alice, bob, carol):
    TranscriptView.objects.create(
        conversation=make_talk(alice), owner_name="alice", reader=carol, reader_name="carol"
    )
    for person in (alice, bob):
        note_export(person, carol, "carol")
    User.objects.filter(pk=alice.pk).update(username="alicia")
    alice.refresh_from_db()
    note_export(alice, carol, "carol")

    told = [each["owner_name"] for each in exported(alice)["all_read_by"]]

    assert sorted(told) == ["alice", "alicia"]


def test_it_is_asked_for_in_pieces_however_long_it_is(alice, django_assert_num_queries):
    for _ in range(3):
        make_talk(alice)
    found = pieces(alice)

    with django_assert_num_queries(3):
        opening = [next(found) for _ in range(4)]

    assert len("".join(opening)) < 5_000
