import os
import stat
import subprocess
import sys

import pytest

from chatsite.secret_files import kept_secret
from tests.site import ROOT


def test_a_secret_is_made_once_and_kept(tmp_path):
    made = [kept_secret(tmp_path / "key", lambda secret=secret: secret) for secret in "abc"]

    assert made == ["a", "a", "a"]


def test_only_its_user_may_read_it(tmp_path):
    before = os.umask(0)
    kept_secret(tmp_path / "key", lambda: "a")
    os.umask(before)

    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("found", "secret"), [("", "new"), (" \n", "new"), ("old\n", "old"), ("old", "old")]
)
def test_what_is_there_counts_unless_it_is_empty(tmp_path, found, secret):
    (tmp_path / "key").write_text(found)

    assert kept_secret(tmp_path / "key", lambda: "new") == secret
    assert kept_secret(tmp_path / "key", lambda: "newer") == secret


@pytest.mark.sqlite
def test_processes_at_once_get_the_same_secret(tmp_path):
    code = (
        "import os, pathlib, time\n"
        "from chatsite.secret_files import kept_secret\n"
        "def make():\n"
        "    time.sleep(0.1)\n"
        "    return str(os.getpid())\n"
        f"print(kept_secret(pathlib.Path({str(tmp_path / 'key')!r}), make))"
    )

    processes = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    secrets = {process.communicate()[0].strip() for process in processes}

    assert secrets == {(tmp_path / "key").read_text()}
