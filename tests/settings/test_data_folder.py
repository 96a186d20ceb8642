"""The data folder and the secret that the site keeps in it."""

import stat
from pathlib import Path

import pytest


def test_the_secret_key_is_made_once_and_kept_over_restarts(read, tmp_path):
    keys = {read()["SECRET_KEY"] for _ in range(3)}

    assert keys == {(tmp_path / "secret-key").read_text()}
    assert len(keys.pop()) == 50
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_a_given_secret_key_is_used_and_none_is_made(read, tmp_path):
    assert read(SECRET_KEY="given")["SECRET_KEY"] == "given"
    assert not (tmp_path / "secret-key").exists()


@pytest.mark.parametrize(
    ("typed", "folder"),
    [("{tmp}/deep/er", "{tmp}/deep/er"), ("~/chat", "{tmp}/home/chat")],
)
def test_data_lives_where_it_was_asked_to(read, tmp_path, typed, folder):
    settings = read(DATA_DIR=typed.format(tmp=tmp_path))

    assert settings["DATA_DIR"] == Path(folder.format(tmp=tmp_path))
    assert settings["DATA_DIR"].is_dir()


@pytest.mark.parametrize("key", ["", "given"])
def test_an_impossible_data_folder_is_noted(read, impossible, key):
    settings = read(DATA_DIR=impossible, SECRET_KEY=key)

    assert settings["DATA_DIR_PROBLEM"] == "Not a directory"
    assert len(settings["SECRET_KEY"]) == (len(key) or 50)


def test_a_secret_key_that_cannot_be_kept_is_noted(read, tmp_path):
    (tmp_path / "secret-key").mkdir()

    assert read()["DATA_DIR_PROBLEM"] == "secret-key: Is a directory"
