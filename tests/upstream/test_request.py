import dataclasses
import json

import pytest

from conversations.upstream import Request, ignored
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


SCHEMA = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}
PARAMETERS = {
    "temperature": 0.7,
    "top_p": 0.9,
    "stop": ("\n\n", "END"),
    "seed": 7,
    "response_format": SCHEMA,
}

REQUESTS = {
    "least": Request("m", ({"role": "user", "content": "Hi"},), 5),
    "all": Request("org/model:free", MESSAGES, 4096, **PARAMETERS),
    "zeros": Request("m", MESSAGES, 1, temperature=0.0, top_p=0, seed=0),
    "reasoning": Request("o4-mini", MESSAGES, 4096, is_reasoning=True, **PARAMETERS),
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


def parameters_of(request):
    return {name: value for name, value in request.body().items() if name in PARAMETERS}


def test_every_parameter_is_sent_as_it_was_given():
    request = Request("m", (), 5, **PARAMETERS)

    assert parameters_of(request) == PARAMETERS | {"stop": ["\n\n", "END"]}


def test_zero_is_a_value_and_nothing_is_none():
    zeros = Request("m", (), 5, temperature=0.0, top_p=0.0, seed=0)

    assert parameters_of(zeros) == {"temperature": 0.0, "top_p": 0.0, "seed": 0}
    assert parameters_of(Request("m", (), 5)) == {}
    assert parameters_of(Request("m", (), 5, stop=(), response_format={})) == {}


def test_a_reasoning_model_is_not_sent_what_it_refuses():
    request = Request("o4-mini", (), 5, is_reasoning=True, **PARAMETERS)

    assert parameters_of(request) == {"seed": 7, "response_format": SCHEMA}


def test_it_can_be_asked_beforehand_what_a_model_ignores():
    assert ignored(is_reasoning=True) == {"temperature", "top_p", "stop"}
    assert ignored(is_reasoning=False) == set()
    assert ignored(is_reasoning=True) < {field.name for field in dataclasses.fields(Request)}


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
    request = Request("m", ({"role": "user", "content": "Hi"},), 5, response_format=SCHEMA)
    request.body()["messages"][0]["content"] = "changed"
    request.body()["response_format"]["json_schema"]["schema"]["type"] = "changed"

    assert request.messages[0]["content"] == "Hi"
    assert request.response_format["json_schema"]["schema"] == {"type": "object"}
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.max_tokens = 6
