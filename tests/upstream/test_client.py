import asyncio
import subprocess
import sys
import threading

import pytest

from conversations import errors
from conversations import upstream as room
from conversations.upstream import client
from tests.patience import PATIENCE
from tests.upstream.conftest import KEY, ask, call
from tests.upstream_server import answer, content, error_response, hang, respond


async def test_the_key_goes_where_it_belongs(upstream):
    await call()

    [request] = upstream.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in str(request.body)


async def test_a_server_that_needs_no_key_gets_a_stand_in(upstream, settings):
    settings.OPENAI_API_KEY = ""

    outcome = await call()

    assert outcome.error is None
    assert upstream.requests[0].headers["authorization"] == "Bearer none"


@pytest.mark.parametrize("key", ["sk-pässword-0123456789", "sk-two\nlines-0123456789", "sk-\x00"])
async def test_a_key_that_fits_no_header_is_refused_without_being_shown(upstream, settings, key):
    settings.OPENAI_API_KEY = key

    outcome = await call()

    assert type(outcome.error) is errors.AuthenticationFailed
    assert key not in f"{outcome.error!r} {outcome.error.detail}"
    assert upstream.requests == []


@pytest.mark.parametrize(
    "base_url", ["http://[::bad/v1", "http://test:99999/v1", "http:///v1", "ftp://test/v1"]
)
async def test_an_address_that_is_none(upstream, settings, base_url):
    settings.OPENAI_BASE_URL = base_url
    settings.MAX_TOKENS_PARAMETER = "max_tokens"

    outcome = await call()

    assert type(outcome.error) is errors.Unreachable


async def test_changed_settings_are_followed(upstream, settings):
    await call()
    settings.OPENAI_API_KEY = "another-key-0123456789"
    await call()

    keys = [request.headers["authorization"] for request in upstream.requests]
    assert keys == [f"Bearer {KEY}", "Bearer another-key-0123456789"]


async def test_a_connection_is_used_again(upstream):
    ports = set()
    upstream.play(lambda _: answer("one"), times=None)
    for _ in range(3):
        outcome = await call()
        assert outcome.error is None
        http = (await client.current_client())._client
        ports |= {id(connection) for connection in http._transport._pool.connections}

    assert len(ports) == 1


async def test_nothing_is_retried_here(upstream):
    upstream.play(error_response(500), times=None)

    await call()

    assert len(upstream.requests) == 1


async def test_no_cookie_of_one_call_goes_with_the_next(upstream):
    upstream.play(respond(headers={"set-cookie": "who=alice"}), *answer("Hi"))
    upstream.play(answer("Hi"))

    await call()
    await call()

    assert "cookie" not in upstream.requests[1].headers


async def test_a_proxy_of_the_environment_is_used_for_a_provider_but_never_for_the_demo(
    upstream, settings, monkeypatch
):
    proxy = upstream.base_url.removesuffix("/v1")
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    settings.OPENAI_BASE_URL = "http://provider.example/v1"
    settings.DEMO_TOKENS_PER_SECOND = 1_000_000
    upstream.play(answer("through the proxy"))

    assert (await call()).text == "through the proxy"
    settings.OPENAI_BASE_URL = settings.OPENAI_API_KEY = ""
    demo = await call(room.Request("demo", ({"role": "user", "content": "Hi"},), 5))

    assert demo.error is None
    assert [request.path for request in upstream.requests] == [
        "http://provider.example/v1/chat/completions"
    ]


def test_each_event_loop_has_its_own_client(server, settings):
    server.reset()
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = server.base_url, KEY

    async def call_and_name_the_client():
        outcome = await call()
        found = await client.current_client()
        again = await client.current_client()
        assert found is again
        await room.close()
        return outcome.text, found

    (first, one), (second, two) = (asyncio.run(call_and_name_the_client()) for _ in range(2))

    assert (first, second) == ("Hello there!", "Hello there!")
    assert one is not two


def test_clients_of_closed_loops_are_forgotten(server, settings):
    settings.OPENAI_BASE_URL = server.base_url

    for _ in range(3):
        asyncio.run(room.warm())

    assert len([loop for loop in client._by_loop if loop.is_closed()]) <= 1


async def test_many_who_come_at_once_share_one_client(upstream):
    clients = await asyncio.gather(*(client.current_client() for _ in range(50)))

    assert len(set(map(id, clients))) == 1


async def test_closing_closes_and_the_next_call_opens_again(upstream):
    first = await client.current_client()

    await room.close()
    await room.close()

    assert first.is_closed()
    assert (await call()).text == "Hello there!"


async def test_closing_ends_a_running_answer(upstream):
    upstream.play(content("Hi"), hang())

    async def read():
        async with room.open_stream(ask()) as stream:
            return [delta.text async for delta in stream]

    reading = asyncio.create_task(read())
    await asyncio.to_thread(upstream.wait_for_request)
    await asyncio.sleep(0.1)
    await room.close()

    with pytest.raises(errors.UpstreamError):
        await asyncio.wait_for(reading, PATIENCE)


def test_the_sdk_is_imported_only_when_needed():
    code = "import sys, conversations.upstream; print('openai' in sys.modules, 'httpx2' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.split() == ["False", "False"]


async def test_clients_are_built_off_the_loop(upstream, monkeypatch):
    builders = []

    def build(destination):
        builders.append(threading.current_thread())
        return original(destination)

    original = client._new_client
    monkeypatch.setattr(client, "_new_client", build)
    await room.warm()
    await room.warm()

    assert len(builders) == 1
    assert builders[0] is not threading.current_thread()


@pytest.mark.parametrize(
    ("key", "base_url", "words"),
    [("sk-\n0123456789", "", "authentication"), ("", "http://[::bad/v1", "connection")],
)
async def test_warming_logs_what_cannot_be_used(settings, caplog, key, base_url, words):
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = key, base_url

    await room.warm()

    [record] = caplog.records
    assert words in record.getMessage()
    assert "0123456789" not in record.getMessage()


def test_a_destination_does_not_show_its_key():
    assert KEY not in repr(client.Destination("http://x", KEY))
