import dataclasses
import json

import pytest

from conversations.upstream import Request
from tests.upstream.conftest import call
from tests.upstream_server import answer

MESSAGES = (
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": 'Zoë 🦊 says "hi"\n\tand </script> \\u0000 \u2028'},
    {"role": "assistant", "content": ""},
    {"role": "user", "content": "x" * 100_000, "name": "zoe"},
)


def canonical(body):
    return json.dumps(body, sort_keys=True)


REQUESTS = {
    "least": Request("m", ({"role": "user", "content": "Hi"},), 5),
    "all": Request("org/model:free", MESSAGES, 4096, temperature=0.7, top_p=0.9),
    "zeros": Request("m", MESSAGES, 1, temperature=0.0, top_p=0),
    "reasoning": Request("o4-mini", MESSAGES, 4096, is_reasoning=True),
    "no messages": Request("m", (), 5),
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
async def test_what_arrives_is_exactly_the_body(upstream, request_):
    upstream.play(answer("Hi"))

    await call(request_)

    [arrived] = upstream.requests
    assert (arrived.method, arrived.path) == ("POST", "/v1/chat/completions")
    assert canonical(arrived.body) == canonical(request_.body())


def test_the_whole_body(settings):
    settings.OPENAI_BASE_URL = "http://localhost:11434/v1"

    assert Request("m", MESSAGES[:1], 5, temperature=1.0).body() == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}],
        "max_tokens": 5,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 1.0,
    }


@pytest.mark.parametrize(
    ("parameter", "base_url", "is_reasoning", "expected"),
    [
        ("auto", "", False, "max_completion_tokens"),
        ("auto", "https://api.openai.com/v1", False, "max_completion_tokens"),
        ("auto", "https://eu.api.openai.com/v1", False, "max_completion_tokens"),
        ("auto", "https://api.openai.com.evil.example/v1", False, "max_tokens"),
        ("auto", "http://localhost:8080/v1", False, "max_tokens"),
        ("auto", "http://localhost:8080/v1", True, "max_completion_tokens"),
        ("max_tokens", "", True, "max_tokens"),
        ("max_completion_tokens", "http://localhost:8080/v1", False, "max_completion_tokens"),
    ],
)
def test_the_name_of_the_limit(settings, parameter, base_url, is_reasoning, expected):
    settings.MAX_TOKENS_PARAMETER, settings.OPENAI_BASE_URL = parameter, base_url
    body = Request("m", (), 7, is_reasoning=is_reasoning).body()

    assert {name: body[name] for name in body if "tokens" in name} == {expected: 7}


def test_a_request_cannot_be_changed_through_its_body():
    request = Request("m", ({"role": "user", "content": "Hi"},), 5)
    request.body()["messages"][0]["content"] = "changed"

    assert request.messages[0]["content"] == "Hi"
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.max_tokens = 6
