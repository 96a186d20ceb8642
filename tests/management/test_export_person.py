import io
import json

import pytest
from django.core.management import CommandError, call_command

from conversations.models import TranscriptView
from tests.admin.ledger import make_talk


def test_it_writes_the_document_to_where_it_is_asked_to(alice, tmp_path):
    make_talk(alice)
    output = tmp_path / "alice.json"

    call_command("export_person", "alice", output=output, stderr=io.StringIO())

    assert len(json.loads(output.read_text())["conversations"][0]["messages"]) == 2
    assert output.stat().st_mode & 0o777 == 0o600


def test_without_a_file_it_is_all_that_is_said(alice):
    said = io.StringIO()

    call_command("export_person", "alice", stdout=said)

    assert json.loads(said.getvalue())["account"]["username"] == "alice"


def test_it_is_noted_as_a_reading(alice):
    call_command("export_person", "alice", stdout=io.StringIO())

    view = TranscriptView.objects.get()
    assert (view.owner_name, view.reader_name) == ("alice", "manage.py export_person")


def test_a_file_that_is_there_is_left_alone(alice, tmp_path):
    output = tmp_path / "notes"
    output.write_text("mine")

    with pytest.raises(CommandError, match="cannot be made"):
        call_command("export_person", "alice", output=output)
    assert output.read_text() == "mine"


def test_a_name_that_nobody_has_is_said(db):
    with pytest.raises(CommandError, match="nobody of the name 'ada'"):
        call_command("export_person", "ada")
