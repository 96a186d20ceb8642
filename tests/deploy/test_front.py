"""What nginx does for the site, and what it keeps from it."""

import os
import re
import subprocess

import httpx2
import pytest

from tests.client.websocket import WebSocket
from tests.deploy.conftest import HOST, METRICS_TOKEN
from tests.deploy.machine import missing_parts, wait_for
from tests.patience import PATIENCE

pytestmark = [
    pytest.mark.sqlite,  # has its own database: once is enough
    pytest.mark.skipif(bool(missing_parts()), reason=f"needs {missing_parts()}"),
]


@pytest.fixture
def visitor(machine):
    with httpx2.Client(
        base_url=machine.address, verify=False, headers={"Host": HOST}, timeout=PATIENCE
    ) as client:
        yield client


def test_plain_http_is_sent_to_https(machine):
    answer = httpx2.get(
        f"http://127.0.0.1:{machine.nginx.plain_port}/c/", headers={"Host": HOST}, timeout=PATIENCE
    )

    assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{HOST}/c/")


def test_pages_come_over_tls_with_the_site_s_own_headers(visitor):
    answer = visitor.get("/login/", follow_redirects=True)

    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    assert all("Secure" in each for each in answer.headers.get_list("Set-Cookie"))


def test_static_files_come_from_the_folder_compressed_and_for_good(machine, visitor):
    page = visitor.get("/login/", follow_redirects=True).text
    style = re.search(r"/static/css/base\.[0-9a-f]{12}\.css", page)[0]

    answer = visitor.get(style, headers={"Accept-Encoding": "gzip"})

    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.text == (machine.shared / style[1:]).read_text()
    # nginx, not a process: those would say who they are.
    assert answer.headers["Server"] == "nginx"
    assert visitor.get("/static/css/base.css").headers["Cache-Control"] == "max-age=3600"


@pytest.mark.parametrize("path", ["/static/../secret-key", "/static/%2e%2e/secret-key", "/static/"])
def test_nothing_else_of_the_folder_can_be_had(visitor, path):
    answer = visitor.get(path, follow_redirects=False)

    assert answer.status_code in {302, 400, 403, 404}
    assert "secret" not in answer.headers.get("Content-Disposition", "")


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to be somebody else")
@pytest.mark.parametrize("path", ["secret-key", "setup-code", "prepare.lock"])
def test_the_web_server_s_user_reads_static_files_and_no_secrets(machine, path):
    machine.manage("from conversations.first_account import setup_code; setup_code()")
    becoming = ["setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups", "cat"]

    done = subprocess.run([*becoming, machine.shared / path], capture_output=True, check=False)

    assert done.returncode != 0
    assert b"Permission denied" in done.stderr


def test_figures_are_for_those_who_ask_the_process_itself(machine, visitor):
    token = {"Authorization": f"Bearer {METRICS_TOKEN}"}

    assert visitor.get("/metrics", headers=token).status_code == 404
    assert [unit.figure("chatsite_draining", METRICS_TOKEN) for unit in machine.units] == [0, 0]


def test_a_message_that_is_too_long_is_refused_in_the_site_s_own_words(machine):
    [fay], [conversation] = machine.begin_chats("fay", 1)

    answer = fay.send(conversation, "x" * 8_500_000, None)

    assert (answer.status, answer.headers["Server"]) == (413, "nginx")
    assert "This message is too long to be sent." in answer.text


@pytest.mark.parametrize("is_hashed", [True, False], ids=["hashed", "round robin"])
def test_a_conversation_s_sockets_are_on_one_process(machine, is_hashed):
    machine.nginx.write(is_hashed)
    machine.nginx.reload()
    [gil], [conversation] = machine.begin_chats(f"gil{is_hashed}", 1)

    def on_each() -> list[float]:
        return sorted(u.figure("chatsite_sockets_open", METRICS_TOKEN) for u in machine.units)

    sockets = [WebSocket(gil.site, f"/ws/c/{conversation}/", gil.cookie) for _ in range(8)]
    wait_for(lambda: sum(on_each()) == 8, "eight open sockets")
    found = on_each()
    for each in sockets:
        each.cut()

    assert (found == [0, 8]) == is_hashed
    wait_for(lambda: sum(on_each()) == 0, "the closing of all sockets")
