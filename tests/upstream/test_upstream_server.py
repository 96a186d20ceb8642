"""The tests' own provider does what its description says."""

import subprocess
import sys
import time

import httpx2
import pytest

from tests.patience import PATIENCE
from tests.upstream_server import (
    Gate,
    answer,
    content,
    error_response,
    finish,
    hang,
    model_list,
    reset,
)


@pytest.fixture
def http(server):
    server.reset()
    with httpx2.Client(base_url=server.base_url, trust_env=False) as http:
        yield http


def ask(http, text="Hi"):
    body = {"messages": [{"role": "user", "content": text}]}
    return http.post("chat/completions", json=body).text


def test_scripts_are_played_in_order_and_then_the_default(server, http):
    server.play(content("one"))
    server.play([content("two")])

    found = [ask(http) for _ in range(3)]

    assert ["one" in found[0], "two" in found[1], "there!" in found[2]] == [True, True, True]


def test_a_script_for_a_word_waits_for_its_request(server, http):
    server.play(content("for the otter"), when="otter")
    server.play(content("for anybody"))

    assert "for anybody" in ask(http, "Hi")
    assert "for the otter" in ask(http, "Is there an otter?")
    assert "there!" in ask(http, "Another otter?")


def test_a_script_may_be_played_every_time(server, http):
    server.play(content("again"), times=None)

    assert all("again" in ask(http) for _ in range(3))


def test_a_script_may_depend_on_its_request(server, http):
    server.play(lambda request: [content(request.last_user_text.upper()), finish()])

    assert "HELLO" in ask(http, "hello")


def test_requests_are_recorded(server, http):
    server.play(error_response(429, "rate_limit_exceeded", headers={"retry-after": "3"}))
    before = time.monotonic()
    answered = http.post("chat/completions", json={"a": 1}, headers={"Authorization": "Bearer x"})

    request = server.wait_for_request()
    assert (answered.status_code, answered.headers["retry-after"]) == (429, "3")
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert (request.body, request.headers["authorization"]) == ({"a": 1}, "Bearer x")
    assert before <= request.at <= time.monotonic()
    assert request.finished.wait(PATIENCE)
    assert not request.disconnected.is_set()


def test_a_gate_holds_the_stream(server, http):
    gate = Gate()
    server.play(content("one"), gate, content("two"))

    with http.stream("POST", "chat/completions", json={}) as response:
        gate.wait_until_reached()
        lines = response.iter_lines()
        assert "one" in next(lines)
        gate.open()
        assert any("two" in line for line in lines)


def test_a_client_that_goes_away_is_noticed(server, http):
    server.play(content("one"), hang())

    with http.stream("POST", "chat/completions", json={}):
        request = server.wait_for_request()
        assert not request.disconnected.wait(0.1)
    assert request.disconnected.wait(PATIENCE)
    assert not request.finished.is_set()


def test_a_reset_is_a_reset(server, http):
    server.play(content("one"), reset())

    with pytest.raises(httpx2.ReadError):
        ask(http)


def test_an_answer_has_everything(server, http):
    server.play(*answer("Two words", prompt=7))

    found = ask(http)

    assert found.count("data: ") == 6
    assert '"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9' in found
    assert found.endswith("data: [DONE]\n\n")


def test_models_are_listed_apart_from_the_calls(server, http):
    def listed():
        return [model["id"] for model in http.get("models").json()["data"]]

    server.play(content("for a call"))
    offered = listed()
    server.models = model_list("other")

    assert (offered, listed()) == (["gpt-4o-mini", "gpt-4o"], ["other"])
    assert (len(server.model_requests), server.requests) == (2, [])
    assert "for a call" in ask(http)
    server.reset()
    assert listed() == ["gpt-4o-mini", "gpt-4o"]


def test_by_itself_it_prints_its_address():
    command = [sys.executable, "-m", "tests.upstream_server", "--words", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip()
            with httpx2.Client(base_url=address, trust_env=False) as http:
                assert ask(http).count("Hello") == 2
        finally:
            process.terminate()
