"""The files of `deploy/` fit each other, the site, and the programs that read them."""

import re
import shlex
import shutil
import subprocess

import pytest

from chatsite import settings
from tests.deploy.machine import DEPLOY, PATH, Nginx, missing_parts, run
from tests.site import ROOT

pytestmark = pytest.mark.sqlite  # asks no database: once is enough


def lines_of(name: str) -> list[str]:
    return (DEPLOY / name).read_text().splitlines()


def values_of(name: str) -> dict[str, str]:
    """What stands behind each `KEY=` of a unit or of the environment."""
    pairs = (line.split("=", 1) for line in lines_of(name) if re.match(r"\w+=", line))
    return dict(pairs)


def number_after(pattern: str, name: str, folder=DEPLOY) -> float:
    found = re.search(pattern, (folder / name).read_text())
    assert found, f"{name} has no {pattern}"
    return float(found[1])


PORTS = ["8001", "8002", "8003"]


def test_the_units_name_the_ports_that_nginx_knows():
    wanted = re.findall(r"chatsite@(\d+)\.service", values_of("chatsite.target")["Wants"])
    known = re.findall(r"server 127\.0\.0\.1:(\d+) ", (DEPLOY / "nginx.conf").read_text())

    assert (wanted, known) == (PORTS, PORTS)


def test_systemd_waits_until_the_process_has_left_by_itself():
    environment = values_of("chatsite.env")
    leaving = float(environment["GRACE_SECONDS"]) + float(environment["SHUTDOWN_SECONDS"])

    # Twice the second: requests that are being answered may take as long as storing does.
    most = leaving + float(environment["SHUTDOWN_SECONDS"])
    assert float(values_of("chatsite@.service")["TimeoutStopSec"]) > most


def test_nginx_lets_the_site_itself_say_that_a_message_is_too_long():
    megabytes = number_after(r"client_max_body_size (\d+)m;", "nginx.conf")

    assert megabytes * 2**20 > settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def test_a_frozen_process_is_left_before_a_page_gives_up_but_a_living_one_is_not():
    silence = number_after(r"/ws/ \{[^}]*proxy_read_timeout (\d+)s;", "nginx.conf")
    ping = number_after(r"--ping-interval (\d+)", "serve", ROOT / "bin")
    patience = number_after(r"PATIENCE = (\d+)", "socket.js", ROOT / "static/js") / 1000

    # Daphne looks every 2 s whether a ping is due; a page's patience doubles with each attempt.
    assert ping + 2 < silence < 4 * patience


def test_the_next_process_goes_only_when_nginx_knows_the_one_before_again():
    pause = number_after(r"SETTLE_SECONDS:-(\d+)", "rolling-restart")

    assert pause > number_after(r"fail_timeout=(\d+)s", "nginx.conf")


def test_the_environment_is_read_alike_by_systemd_and_by_a_shell(tmp_path):
    said = run("bash", "-c", f"set -a; . {DEPLOY}/chatsite.env; env", env={"PATH": PATH})
    shell = dict(line.split("=", 1) for line in said.splitlines())

    assert {key: shell[key] for key in values_of("chatsite.env")} == values_of("chatsite.env")


def test_a_site_with_this_environment_passes_its_checks(tmp_path):
    environment = values_of("chatsite.env") | {"PATH": PATH, "DATA_DIR": str(tmp_path)}

    run(
        *(ROOT / ".venv/bin/python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        cwd=ROOT,
        env=environment,
    )


def test_every_setting_in_it_is_in_the_readme():
    table = (ROOT / "README.md").read_text()

    assert [key for key in values_of("chatsite.env") if f"`{key}`" not in table] == []


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_understands_the_units(tmp_path):
    for path in DEPLOY.glob("chatsite*.*"):
        here = path.read_text().replace("/opt/chatsite", str(ROOT))
        (tmp_path / path.name.replace("@", "@8001")).write_text(here)
    units = [each for each in tmp_path.iterdir() if each.suffix != ".env"]

    done = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(units) == 6


@pytest.mark.parametrize(
    "name", ["chatsite@.service", "chatsite-backup.service", "chatsite-retention.service"]
)
def test_the_commands_in_the_units_exist(name):
    program = shlex.split(values_of(name)["ExecStart"])[0].replace("/opt/chatsite", str(ROOT))

    assert shutil.which(program) == program


def test_the_command_of_the_retention_is_the_sites():
    _, script, command = shlex.split(values_of("chatsite-retention.service")["ExecStart"])

    assert (ROOT / script).exists()
    assert (ROOT / "conversations/management/commands" / f"{command}.py").exists()


@pytest.mark.skipif(bool(missing_parts()), reason=f"needs {missing_parts()}")
def test_nginx_understands_its_file(tmp_path):
    Nginx(tmp_path / "nginx", tmp_path, [18001, 18002, 18003]).check()


def test_setting_up_again_changes_nothing():
    assert run(ROOT / "bin" / "setup") == ""
