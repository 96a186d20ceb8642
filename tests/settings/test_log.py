"""How the log is written, and who may read the figures."""

import pytest


@pytest.mark.parametrize(
    ("typed", "form", "problems"),
    [
        ("", "line", []),
        ("line", "line", []),
        ("json", "json", []),
        ("xml", "line", ["LOG_FORMAT must be line or json, not 'xml'."]),
    ],
)
def test_the_form_of_the_log(read, typed, form, problems):
    settings = read(LOG_FORMAT=typed)

    assert settings["LOGGING"]["handlers"]["console"]["formatter"] == form
    assert settings["PROBLEMS"] == problems


def test_a_token_that_could_be_guessed_opens_nothing(read):
    short, long = read(METRICS_TOKEN="0123456789abcde"), read(METRICS_TOKEN="0123456789abcdef")

    assert (short["METRICS_TOKEN"], len(short["PROBLEMS"])) == ("", 1)
    assert "0123456789abcde" not in short["PROBLEMS"][0]
    assert (long["METRICS_TOKEN"], long["PROBLEMS"]) == ("0123456789abcdef", [])
