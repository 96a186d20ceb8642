"""What is typed, as the value that it means; and what is said where it means none."""

import pytest


@pytest.mark.parametrize(
    ("typed", "value", "problems"),
    [
        ("", False, []),
        ("1", True, []),
        ("True", True, []),
        (" yes ", True, []),
        ("on", True, []),
        ("0", False, []),
        ("FALSE", False, []),
        ("no", False, []),
        ("off", False, []),
        ("maybe", False, ["DEBUG must be 1 or 0, not 'maybe'."]),
    ],
)
def test_flags(read, typed, value, problems):
    settings = read(DEBUG=typed)

    assert (settings["DEBUG"], settings["PROBLEMS"]) == (value, problems)


@pytest.mark.parametrize(
    ("typed", "value"), [("", 4096), ("1", 1), ("8192", 8192), (" 2048 ", 2048), ("1e4", 10_000)]
)
def test_numbers(read, typed, value):
    settings = read(DEFAULT_MAX_TOKENS=typed)

    assert (settings["DEFAULT_MAX_TOKENS"], settings["PROBLEMS"]) == (value, [])


@pytest.mark.parametrize("typed", ["many", "0", "-5", "0.5", "nan", "inf", "1,000", "0x10"])
def test_a_number_that_is_none_or_too_small_is_said_and_not_used(read, typed):
    settings = read(DEFAULT_MAX_TOKENS=typed)

    assert settings["DEFAULT_MAX_TOKENS"] == 4096
    assert settings["PROBLEMS"] == [
        f"DEFAULT_MAX_TOKENS must be a number of at least 1, not {typed!r}."
    ]


@pytest.mark.parametrize(
    "name",
    [
        "DEMO_TOKENS_PER_SECOND",
        "UPSTREAM_CONNECT_SECONDS",
        "UPSTREAM_FIRST_TOKEN_SECONDS",
        "UPSTREAM_SILENCE_SECONDS",
        "UPSTREAM_TOTAL_SECONDS",
        "DEFAULT_MAX_TOKENS",
        "DEFAULT_CONTEXT_WINDOW",
        "MAX_MESSAGE_LENGTH",
        "MAX_ANSWER_LENGTH",
        "MAX_RUNNING_ANSWERS",
        "BEAT_SECONDS",
        "TAKEOVER_SECONDS",
        "FLUSH_SECONDS",
        "FRAME_SECONDS",
        "SHUTDOWN_SECONDS",
    ],
)
def test_every_limit_is_read_from_the_environment(read, name):
    assert read(**{name: "1234"})[name] == 1234
    assert len(read(**{name: "x"})["PROBLEMS"]) == 1


@pytest.mark.parametrize(
    ("typed", "zone", "problems"),
    [
        ("", "UTC", []),
        ("Europe/Berlin", "Europe/Berlin", []),
        ("Mars", "UTC", ["TIME_ZONE must be like Europe/Berlin, not 'Mars'."]),
        ("../etc", "UTC", ["TIME_ZONE must be like Europe/Berlin, not '../etc'."]),
        ("Europe", "UTC", ["TIME_ZONE must be like Europe/Berlin, not 'Europe'."]),
    ],
)
def test_time_zones(read, typed, zone, problems):
    settings = read(TIME_ZONE=typed)

    assert (settings["TIME_ZONE"], settings["PROBLEMS"]) == (zone, problems)
