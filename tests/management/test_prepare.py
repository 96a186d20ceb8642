from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from conversations.management.commands import prepare as command
from conversations.models import ModelPrice

DEMO = (
    "Demo mode: answers come from a demo on this machine. "
    "Set OPENAI_API_KEY or OPENAI_BASE_URL for a real model."
)


@pytest.fixture(autouse=True)
def local(settings, tmp_path, monkeypatch):
    """A laptop in demo mode; with DEBUG, no static files are collected."""
    settings.DEBUG = True
    settings.HOST, settings.PUBLIC_URL, settings.EXPOSED = "127.0.0.1", "", False
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = ""
    settings.DEMO_MODE, settings.DEFAULT_MODEL = True, "demo"
    settings.SETUP_CODE_FILE = tmp_path / "setup-code"
    monkeypatch.setenv("PORT", "8123")


def prepare():
    said = StringIO()
    call_command("prepare", stdout=said)
    return said.getvalue().splitlines()


def test_the_address_and_the_mode_are_said(db):
    assert prepare() == ["Chatsite: http://127.0.0.1:8123/", DEMO]


def test_prices_are_loaded(db):
    prepare()

    assert ModelPrice.objects.filter(model="demo").exists()


def test_without_a_port_it_is_8000(db, monkeypatch):
    monkeypatch.delenv("PORT")

    assert prepare()[0] == "Chatsite: http://127.0.0.1:8000/"


@pytest.mark.parametrize(
    ("host", "public_url", "line"),
    [
        ("localhost", "", "Chatsite: http://localhost:8123/"),
        ("::1", "", "Chatsite: http://[::1]:8123/"),
        ("[::1]", "", "Chatsite: http://[::1]:8123/"),
        (
            "127.0.0.1",
            "https://chat.example.org",
            "Chatsite: https://chat.example.org/ (served at http://127.0.0.1:8123/)",
        ),
    ],
)
def test_the_address_is_one_that_can_be_opened(db, settings, host, public_url, line):
    settings.HOST, settings.PUBLIC_URL = host, public_url

    assert prepare()[0] == line


@pytest.mark.parametrize(
    ("base_url", "line"),
    [
        ("", "Answers come from OpenAI, model gpt-4o unless a chat says otherwise."),
        (
            "http://llm:11434/v1",
            "Answers come from http://llm:11434/v1, model gpt-4o unless a chat says otherwise.",
        ),
    ],
)
def test_a_real_model_is_named_and_its_key_is_not(db, settings, base_url, line):
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "sk-secret", base_url
    settings.DEMO_MODE, settings.DEFAULT_MODEL = False, "gpt-4o"

    assert prepare() == ["Chatsite: http://127.0.0.1:8123/", line]


def test_an_exposed_site_without_accounts_gets_a_code_that_stays(db, settings):
    settings.EXPOSED = True

    said = prepare()

    assert said[2:] == [f"Setup code for the first account: {settings.SETUP_CODE_FILE.read_text()}"]
    assert prepare() == said


def test_an_exposed_site_with_an_account_gets_no_code(alice, settings):
    settings.EXPOSED = True

    assert len(prepare()) == 2
    assert not settings.SETUP_CODE_FILE.exists()


def test_a_local_site_gets_no_code(db, settings):
    prepare()

    assert not settings.SETUP_CODE_FILE.exists()


def test_a_database_that_cannot_be_used_is_said_in_one_line(db, monkeypatch):
    def fail(name, **options):
        raise OperationalError("unable to open\ndatabase file")

    monkeypatch.setattr(command, "call_command", fail)

    with pytest.raises(CommandError) as failure:
        prepare()

    assert str(failure.value) == (
        "The database cannot be used (unable to open database file); see DATABASE_URL."
    )
