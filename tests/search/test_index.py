"""What the index holds, read from the index itself."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models
from django.db.models.signals import post_migrate

from conversations.models import Conversation, Message, Role, Status
from conversations.search import find, schema
from tests.people import make_conversation, say

ON_SQLITE = connection.vendor == "sqlite"


@pytest.fixture
def tea(alice):
    return make_conversation(alice)


def rows(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def entries():
    """How many messages have an entry, and the words of all of them."""
    if not ON_SQLITE:
        return rows("SELECT count(*) FROM conversations_search")[0][0], {
            word
            for (word,) in rows("SELECT unnest(tsvector_to_array(words)) FROM conversations_search")
        }
    rows("INSERT INTO conversations_search (conversations_search) VALUES ('integrity-check')")
    rows(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.said USING fts5vocab(main, conversations_search, 'row')"
    )
    words = {word for (word,) in rows("SELECT term FROM temp.said")}
    rows("DROP TABLE temp.said")
    numbers = rows("SELECT number FROM conversations_search_number ORDER BY number")
    assert numbers == rows("SELECT id FROM conversations_search_docsize ORDER BY id")
    return len(numbers), words


def state():
    """All that a write to the index would change."""
    if ON_SQLITE:
        return rows("SELECT * FROM conversations_search_data"), entries()
    return rows("SELECT ctid, xmin, message, words FROM conversations_search ORDER BY message")


def rebuild_as_django_does():
    """Alter the table, by which SQLite loses its triggers."""
    field = Message._meta.get_field("format_problem")
    longer = models.CharField(max_length=301, blank=True)
    longer.set_attributes_from_name("format_problem")
    longer.model = Message
    with connection.schema_editor() as editor:
        editor.alter_field(Message, field, longer)
        editor.alter_field(Message, longer, field)


def test_a_message_has_one_entry_as_long_as_it_is_there(tea):
    message = say(tea, Role.USER, "green tea")
    say(tea, Role.USER, "")
    assert entries() == (1, {"green", "tea"})

    Message.objects.get(pk=message.pk).save()
    tea.messages.update(standing="pinned")
    assert entries() == (1, {"green", "tea"})

    tea.messages.filter(pk=message.pk).update(text="black coffee")
    assert entries() == (1, {"black", "coffee"})

    tea.messages.filter(pk=message.pk).update(text="")
    assert entries() == (0, set())


def test_nothing_is_written_while_an_answer_runs(tea):
    say(tea, Role.USER, "green tea")
    before = state()

    answer = say(tea, Role.ASSISTANT, "", status=Status.QUEUED)
    row = tea.messages.filter(pk=answer.pk)
    row.update(status=Status.STREAMING)
    for text in ("the", "the kettle", "the kettle sings"):
        assert row.update(text=text) == 1

    assert state() == before


def test_a_continued_answer_stays_single_and_is_found_by_its_new_text(tea):
    answer = say(tea, Role.ASSISTANT, "green", status=Status.STOPPED)
    row = tea.messages.filter(pk=answer.pk)

    row.update(status=Status.QUEUED)
    assert entries() == (0, set())
    row.update(status=Status.STREAMING, text="green tea")
    row.update(status=Status.COMPLETE, text="green tea, hot")

    assert entries() == (1, {"green", "tea", "hot"})
    assert find("hot", tea.messages, 10) == [answer]


def test_many_at_once_are_entered_and_removed(tea):
    fields = {"conversation": tea, "owner": tea.owner, "role": Role.USER, "origin": "typed"}
    Message.objects.bulk_create([Message(text=f"tea {number}", **fields) for number in range(300)])
    assert entries()[0] == 300

    tea.messages.filter(text__startswith="tea 1").delete()

    assert entries()[0] == 189


def test_a_deleted_conversation_or_person_leaves_nothing_behind(tea):
    say(tea, Role.ASSISTANT, "green tea")
    other = make_conversation(tea.owner)
    say(other, Role.USER, "black coffee")

    Conversation.objects.filter(pk=tea.pk).delete()
    assert entries() == (1, {"black", "coffee"})

    tea.owner.delete()
    assert entries() == (0, set())


@pytest.mark.django_db(transaction=True)
def test_an_emptied_database_has_an_empty_index(tea):
    say(tea, Role.USER, "green tea")

    call_command("flush", interactive=False, verbosity=0)

    assert entries() == (0, set())


@pytest.mark.django_db(transaction=True)
def test_the_index_survives_an_altered_table(tea):
    message = say(tea, Role.USER, "green tea")

    rebuild_as_django_does()
    tea.messages.filter(pk=message.pk).update(text="black tea")  # no trigger may have seen it
    config = apps.get_app_config("conversations")
    post_migrate.send(config, app_config=config, using="default")

    assert entries() == (1, {"black", "tea"})
    say(tea, Role.USER, "hot")
    assert entries() == (2, {"black", "tea", "hot"})


@pytest.mark.django_db(transaction=True)
def test_the_index_can_be_made_and_removed_again_and_again(tea):
    say(tea, Role.USER, "green tea")
    say(tea, Role.ASSISTANT, "the kettle", status=Status.STREAMING)

    for act in (schema.drop, schema.drop, schema.create, schema.create):
        with connection.schema_editor() as editor:
            act(editor)

    assert entries() == (1, {"green", "tea"})


@pytest.mark.django_db(transaction=True)
def test_mending_leaves_alone_what_is_whole_and_what_is_not_there(tea, django_assert_num_queries):
    with django_assert_num_queries(2):
        schema.mend(connection)

    with connection.schema_editor() as editor:
        schema.drop(editor)
    schema.mend(connection)
    say(tea, Role.USER, "green tea")  # without an index, messages are written all the same

    with connection.schema_editor() as editor:
        schema.create(editor)
    assert entries() == (1, {"green", "tea"})
