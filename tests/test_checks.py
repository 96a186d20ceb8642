"""What `manage.py check` says of a site that is set up wrongly."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks

from tests.site import ROOT


def manage(*arguments, **variables):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
    )


def said():
    """What the checks of this project say, by id."""
    return {found.id: found.msg for found in run_checks() if found.id.startswith("chatsite.")}


def test_nothing_is_said_of_a_site_that_is_well():
    assert said() == {}


def test_e001_is_an_environment_that_makes_no_sense(settings):
    settings.PROBLEMS = ["DEBUG must be 1 or 0, not 'maybe'."]

    assert said() == {"chatsite.E001": "DEBUG must be 1 or 0, not 'maybe'."}


def test_e002_is_a_data_folder_that_cannot_be_written(settings, impossible):
    settings.DATA_DIR = Path(impossible)

    assert said() == {
        "chatsite.E002": f"DATA_DIR {impossible} cannot be written (Permission denied)."
    }


def test_e002_says_why(settings):
    settings.DATA_DIR_PROBLEM = "Not a directory"

    assert said() == {
        "chatsite.E002": f"DATA_DIR {settings.DATA_DIR} cannot be written (Not a directory)."
    }


@pytest.mark.parametrize(
    ("beat", "takeover", "ids"),
    [(3, 15, []), (3, 9, []), (3, 8.9, ["chatsite.E003"]), (20, 15, ["chatsite.E003"])],
)
def test_e003_is_a_take_over_that_one_late_beat_would_cause(settings, beat, takeover, ids):
    settings.BEAT_SECONDS, settings.TAKEOVER_SECONDS = beat, takeover

    assert list(said()) == ids


MAIL = {
    "EMAIL_HOST": "mail.lan",
    "DEFAULT_FROM_EMAIL": "Chatsite <chat@example.org>",
    "EMAIL_PORT": 587,
    "EMAIL_USE_TLS": True,
    "ALERT_EMAILS": ["ann@example.org"],
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"ALERT_EMAILS": []}, None),
        ({"EMAIL_HOST": "", "ALERT_EMAILS": [], "DEFAULT_FROM_EMAIL": ""}, None),
        ({"EMAIL_HOST": ""}, "ALERT_EMAILS needs EMAIL_HOST: without it no mail is sent."),
        (
            {"DEFAULT_FROM_EMAIL": ""},
            "EMAIL_HOST needs DEFAULT_FROM_EMAIL, the address that mail comes from.",
        ),
        (
            {"DEFAULT_FROM_EMAIL": "nobody"},
            "EMAIL_HOST needs DEFAULT_FROM_EMAIL, the address that mail comes from.",
        ),
        (
            {"EMAIL_USE_SSL": True},
            "EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other; port 587 mostly takes the first.",
        ),
        ({"EMAIL_PORT": 0}, "EMAIL_PORT must be a port, such as 587."),
        (
            {"ALERT_EMAILS": ["ann"]},
            "ALERT_EMAILS must be addresses between commas, not 'ann'.",
        ),
    ],
)
def test_e004_is_mail_that_could_not_be_sent(settings, changes, words):
    for name, value in (MAIL | changes).items():
        setattr(settings, name, value)

    assert said() == ({"chatsite.E004": words} if words else {})


@pytest.mark.parametrize(
    ("url", "ids"),
    [("", []), ("https://chat.lan", []), ("http://chat.lan", ["chatsite.W001"])],
)
def test_w001_is_a_public_site_without_encryption(settings, url, ids):
    settings.PUBLIC_URL = url

    assert list(said()) == ids


@pytest.mark.sqlite
def test_misconfiguration_is_said_in_lines_and_not_as_a_traceback(impossible):
    done = manage(
        "check",
        DATA_DIR=impossible,
        DATABASE_URL="mysql://ann:sesame@db/chat",
        PUBLIC_URL="chat.example.org",
        BEAT_SECONDS="often",
        TAKEOVER_SECONDS="1",
        TIME_ZONE="Mars",
    )

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "sesame" not in done.stderr
    ids = [line.split("(")[1].split(")")[0] for line in done.stderr.splitlines() if "?: " in line]
    assert ids == ["chatsite.E001"] * 4 + ["chatsite.E002", "chatsite.E003"]


@pytest.mark.sqlite
def test_a_deployment_with_its_url_and_key_passes_every_check(tmp_path):
    done = manage(
        "check",
        "--deploy",
        "--fail-level=WARNING",
        DATA_DIR=str(tmp_path),
        PUBLIC_URL="https://chat.example.org",
        SECRET_KEY="only-for-this-check-0123456789-abcdefghijklmnopqrstuvwxyz",
    )

    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "System check identified no issues (0 silenced).\n",
        "",
    )


@pytest.mark.sqlite
def test_the_key_made_for_a_deployment_passes_every_check_too(tmp_path):
    done = manage(
        "check",
        "--deploy",
        "--fail-level=WARNING",
        DATA_DIR=str(tmp_path),
        PUBLIC_URL="https://chat.example.org",
    )

    assert (done.returncode, done.stderr) == (0, "")
