import fcntl

import pytest

from chatsite import lifecycle


@pytest.fixture
def database(settings, tmp_path, monkeypatch):
    settings.SINGLE_PROCESS = True
    path = tmp_path / "chat.sqlite3"
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", path)
    return path


def test_the_only_process_of_a_database_is_alone(database):
    assert lifecycle.is_alone()


def test_a_second_process_on_the_same_database_is_not(database):
    with open(f"{database}.lock", "w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)

        assert not lifecycle.is_alone()


def test_where_there_may_be_others_no_process_is(database, settings):
    settings.SINGLE_PROCESS = False

    assert not lifecycle.is_alone()
