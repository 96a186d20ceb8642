"""bin/serve before anything is installed: in a copy of the tree that has no .venv."""

import os
import shutil
import subprocess

import pytest

from tests.patience import PATIENCE
from tests.site import ROOT

pytestmark = pytest.mark.sqlite


@pytest.fixture
def tree(tmp_path):
    """A clone as git leaves it, as far as bin/serve gets in these tests."""
    tree = tmp_path / "chatsite"
    shutil.copytree(ROOT / "bin", tree / "bin")
    for name in ("manage.py", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tree)
    return tree


@pytest.fixture
def serve(tree, tmp_path):
    """Run its bin/serve with a `python3` of this kind; what came of it."""
    commands = tmp_path / "commands"
    commands.mkdir()
    for name in ("bash", "dirname", "mkdir", "touch", "rm", "cut", "cat", "tr", "cksum"):
        (commands / name).symlink_to(shutil.which(name))

    def serve(python="", **variables):
        if python:
            (commands / "python3").write_text(f"#!/bin/bash\n{python}\n")
            (commands / "python3").chmod(0o755)
        done = subprocess.run(
            [tree / "bin" / "serve"],
            cwd=tmp_path,
            env={"PATH": str(commands), "HOME": str(tmp_path), **variables},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        return done.returncode, done.stdout, done.stderr

    return serve


OLD = """
case $1$2 in
    -V) echo Python 3.9.2 ;;
    *) exit 1 ;;
esac
"""
WITHOUT_VENV = """
case $2 in
    *version_info*) exit 0 ;;
    *venv*) echo "ModuleNotFoundError: No module named 'ensurepip'" >&2; exit 1 ;;
esac
"""
CANNOT_MAKE_IT = """
case $2 in
    venv) echo "Error: [Errno 28] No space left on device" >&2; exit 1 ;;
esac
"""


@pytest.mark.parametrize(
    ("python", "line"),
    [
        ("", "Chatsite needs Python 3.11 or newer, and there is no python3 here."),
        (OLD, "Chatsite needs Python 3.11 or newer; python3 is 3.9.2."),
        (
            WITHOUT_VENV,
            "This Python has no venv module (on Debian: apt-get install python3-venv).",
        ),
    ],
    ids=["none", "old", "without venv"],
)
def test_a_python_that_will_not_do_is_said_in_one_line(serve, python, line):
    assert serve(python) == (1, "", f"{line}\n")


def test_another_python_can_be_named(serve):
    assert serve(PYTHON="python3.99") == (
        1,
        "",
        "Chatsite needs Python 3.11 or newer, and there is no python3.99 here.\n",
    )


def test_where_making_the_venv_fails_its_own_words_come_first(serve):
    assert serve(CANNOT_MAKE_IT) == (
        1,
        "Making .venv …\n",
        "Error: [Errno 28] No space left on device\nMaking .venv failed; see above.\n",
    )


@pytest.mark.parametrize(
    "port", ["http", "80a", "-1", "0", "65536", "8000 ", "1e3", "99999999999999999999", "$(id)"]
)
def test_a_port_that_is_none_is_said_before_anything_is_made(serve, tree, port):
    assert serve(PORT=port) == (
        1,
        "",
        f"PORT must be a number from 1 to 65535, not '{port}'.\n",
    )
    assert not (tree / "data").exists()


def test_a_data_folder_that_cannot_be_written_is_said(serve, tmp_path):
    """Below a file: nobody can make it, not even root."""
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "data"

    assert serve(DATA_DIR=str(folder)) == (
        1,
        "",
        f"DATA_DIR '{folder}' cannot be written; give this user the right to, or set DATA_DIR.\n",
    )


def test_a_data_folder_may_be_named_from_home(serve, tree, tmp_path):
    serve(DATA_DIR="~/kept here")

    assert (tmp_path / "kept here").is_dir()
    assert not (tree / "~").exists()


# --- what is installed ----------------------------------------------------------------------


@pytest.fixture
def set_up(tree):
    """Run set_up for these files in a tree whose pip only writes down what it was asked."""
    commands = tree / ".venv" / "bin"
    commands.mkdir(parents=True)
    (commands / "python").symlink_to(shutil.which("true"))
    (commands / "pip").write_text('#!/bin/bash\necho "$@" >>asked\nexit ${PIP_FAILS:-0}\n')
    (commands / "pip").chmod(0o755)

    def set_up(*files, **variables):
        done = subprocess.run(
            ["bash", "-c", '. bin/setup && set_up "$@"', "bash", *files],
            cwd=tree,
            env={"PATH": os.environ["PATH"], **variables},
            capture_output=True,
            text=True,
        )
        asked = (tree / "asked").read_text().splitlines() if (tree / "asked").exists() else []
        return done.returncode, done.stderr, len(asked)

    return set_up


def test_a_second_start_installs_nothing(set_up):
    assert [set_up("requirements.txt")[2] for _ in range(3)] == [1, 1, 1]


def test_changed_requirements_are_installed(set_up, tree):
    set_up("requirements.txt")
    (tree / "requirements.txt").write_text("Django==5.2.20\n")

    assert set_up("requirements.txt") == (0, "", 2)


def test_the_test_set_up_installs_what_is_more(set_up):
    set_up("requirements.txt")

    assert set_up("requirements.txt", "requirements-dev.txt") == (0, "", 2)
    assert set_up("requirements.txt", "requirements-dev.txt") == (0, "", 2)


def test_a_failed_installation_is_said_and_tried_again(set_up):
    assert set_up("requirements.txt", PIP_FAILS="1") == (1, "Installing failed; see above.\n", 1)
    assert set_up("requirements.txt") == (0, "", 2)
