"""The demo as an API of its own: where it listens, whom it serves, what it refuses, how it ends."""

import asyncio
import json

import httpx2
import pytest

from conversations import upstream as room
from conversations.upstream import Request, client, open_stream
from conversations.upstream.client import current_client
from conversations.upstream.demo import DemoEndpoint, wire
from tests.patience import PATIENCE
from tests.upstream.conftest import call

HELLO = {"role": "user", "content": "Hello!"}
HELLO_REQUEST = Request("demo", (HELLO,), 4096)
LONG_REQUEST = Request("demo", (HELLO | {"content": "long"},), 4096)


@pytest.fixture
async def endpoint(settings):
    settings.DEMO_TOKENS_PER_SECOND = 1_000_000
    endpoint = await DemoEndpoint.start()
    yield endpoint
    await endpoint.close()


@pytest.fixture
async def http(endpoint):
    headers = {"authorization": f"Bearer {endpoint.key}"}
    async with httpx2.AsyncClient(
        base_url=endpoint.base_url, headers=headers, trust_env=False
    ) as http:
        yield http


async def test_it_stops_when_the_client_goes_away(endpoint, settings):
    settings.DEMO_TOKENS_PER_SECOND = 1
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = endpoint.base_url, endpoint.key
    async with open_stream(LONG_REQUEST) as stream:
        await anext(stream)
        assert len(endpoint._connections) == 1
    async with asyncio.timeout(PATIENCE):
        while endpoint._connections:  # noqa: ASYNC110 - the endpoint tells nobody
            await asyncio.sleep(0.01)
    await room.close()


async def test_the_same_endpoint_serves_every_call(demo):
    assert (await call(HELLO_REQUEST)).error is None
    first = (await current_client()).base_url
    assert (await call(HELLO_REQUEST)).error is None

    assert (await current_client()).base_url == first
    assert str(first).startswith("http://127.0.0.1:")


async def test_closing_takes_its_address_away(demo):
    await call(HELLO_REQUEST)
    address = str((await current_client()).base_url)

    await room.close()

    async with httpx2.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx2.ConnectError):
            await http.get(f"{address}models")


def _is_answering():
    its = client._by_loop.get(asyncio.get_running_loop())
    return its and its._demo and its._demo._connections


async def test_closing_does_not_wait_for_answers(settings):
    settings.DEMO_TOKENS_PER_SECOND = 1
    settings.OPENAI_BASE_URL = settings.OPENAI_API_KEY = ""
    reading = asyncio.create_task(call(HELLO_REQUEST))
    async with asyncio.timeout(PATIENCE):
        while not _is_answering():  # noqa: ASYNC110 - the endpoint tells nobody
            await asyncio.sleep(0.01)

    await asyncio.wait_for(room.close(), PATIENCE)

    assert (await reading).error is not None


async def test_each_endpoint_has_its_own_key(endpoint):
    other = await DemoEndpoint.start()
    await other.close()

    assert len(endpoint.key) > 30
    assert endpoint.key != other.key


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer wrong", "Bearer wr\xf6ng", "Basic abc"])
async def test_another_key_is_refused(endpoint, key):
    async with httpx2.AsyncClient(trust_env=False) as http:
        headers = {b"authorization": key.encode("latin-1")}
        answer = await http.get(f"{endpoint.base_url}/models", headers=headers)

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"


async def test_it_listens_on_this_machine_only(endpoint):
    [listener] = endpoint._server.sockets

    assert listener.getsockname()[0] == "127.0.0.1"


async def test_another_path_is_not_found(http):
    for method, path in (("GET", "chat/completions"), ("POST", "models"), ("GET", "../admin")):
        answer = await http.request(method, path)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "unknown_url"


VALID = {"model": "demo", "messages": [HELLO]}


INVALID = {
    "no JSON": (b"{oh", 400),
    "too deep": (b"[" * 100_000, 400),
    "no object": (b"[]", 400),
    "no model": ({"messages": [HELLO]}, 400),
    "another model": (VALID | {"model": "gpt-5"}, 404),
    "model a number": (VALID | {"model": 5}, 400),
    "no messages": ({"model": "demo"}, 400),
    "messages empty": (VALID | {"messages": []}, 400),
    "messages a text": (VALID | {"messages": "Hi"}, 400),
    "message a text": (VALID | {"messages": ["Hi"]}, 400),
    "role unknown": (VALID | {"messages": [HELLO | {"role": "wizard"}]}, 400),
    "role a list": (VALID | {"messages": [HELLO | {"role": ["user"]}]}, 400),
    "content missing": (VALID | {"messages": [{"role": "user"}]}, 400),
    "content a number": (VALID | {"messages": [HELLO | {"content": 7}]}, 400),
    "content an image": (
        VALID | {"messages": [HELLO | {"content": [{"type": "image_url", "image_url": {}}]}]},
        400,
    ),
    "name a number": (VALID | {"messages": [HELLO | {"name": 7}]}, 400),
    "temperature": (VALID | {"temperature": 2.5}, 400),
    "temperature a text": (VALID | {"temperature": "hot"}, 400),
    "top_p": (VALID | {"top_p": -0.1}, 400),
    "max_tokens zero": (VALID | {"max_tokens": 0}, 400),
    "max_tokens a fraction": (VALID | {"max_tokens": 1.5}, 400),
    "max_tokens true": (VALID | {"max_tokens": True}, 400),
    "both limits": (VALID | {"max_tokens": 5, "max_completion_tokens": 5}, 400),
    "stream a text": (VALID | {"stream": "yes"}, 400),
    "options without stream": (VALID | {"stream_options": {"include_usage": True}}, 400),
    "several answers": (VALID | {"n": 2}, 400),
    "a schema without a name": (VALID | {"response_format": {"type": "json_schema"}}, 400),
}


@pytest.mark.parametrize(("body", "status"), INVALID.values(), ids=INVALID)
async def test_invalid_requests_are_refused_as_the_api_would(http, body, status):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await http.post("chat/completions", content=sent)

    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["message"]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"temperature": 0, "top_p": 1, "n": 1, "user": "x", "seed": 7, "stop": None},
        {"messages": [{"role": "assistant", "content": None}, HELLO]},
        {"messages": [HELLO | {"content": [{"type": "text", "text": "Hello"}]}]},
        {"stream": False, "stream_options": None, "max_tokens": None},
        {"response_format": {"type": "text"}},
    ],
)
async def test_valid_requests_are_taken(http, more):
    answer = await http.post("chat/completions", json=VALID | more)

    assert answer.status_code == 200


async def test_a_refused_request_leaves_the_connection_usable(http):
    assert (await http.get("nowhere")).status_code == 404
    assert (await http.get("models")).status_code == 200


async def test_a_request_too_large_is_refused(http, monkeypatch):
    monkeypatch.setattr(wire, "MAX_BODY_BYTES", 1_000)
    answer = await http.post("chat/completions", content=b"x" * 2_000)

    assert answer.status_code == 413


@pytest.mark.parametrize("sent", [b"hello\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000])
async def test_what_is_no_request_ends_the_connection(endpoint, sent):
    host, port = endpoint.base_url.removeprefix("http://").removesuffix("/v1").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    answered = await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()

    assert answered.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))
