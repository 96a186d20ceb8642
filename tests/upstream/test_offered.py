import asyncio

import pytest

from conversations import upstream as room
from conversations.upstream import offered, offered_models
from tests.patience import PATIENCE
from tests.upstream.conftest import KEY, call
from tests.upstream_server import (
    Gate,
    close,
    error_response,
    hang,
    json_response,
    model_list,
    raw,
    reset,
    respond,
)

NONE: tuple[str, ...] = ()


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(offered, "_kept", {})


@pytest.fixture
def clock(monkeypatch):
    """A hand that a test moves: seconds."""

    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(offered, "time", clock)
    return clock


async def test_the_apis_own_list_in_its_order(upstream):
    assert await offered_models() == ("gpt-4o-mini", "gpt-4o")


async def test_it_is_asked_for_as_a_call_is(upstream):
    await offered_models()

    [request] = upstream.model_requests
    assert (request.method, request.path) == ("GET", "/v1/models")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert upstream.requests == []


async def test_the_demo_offers_its_one_model(demo, settings):
    assert await offered_models() == (settings.DEMO_MODEL,)


FITTING = [
    "gpt-4o",
    "ft:gpt-4o-mini:acme::abc123",
    "meta-llama/Llama-3.3-70B-Instruct:free",
    "@cf/x"[1:],
    "a+b@c",
    "0",
    "x" * 100,
]
UNFITTING = [
    "",
    " gpt-4o",
    "gpt 4o",
    "gpt-4o\n",
    "-o",
    "/etc/passwd",
    "x" * 101,
    "modèle",
    "<script>",
    "a\x00",
    7,
    None,
    ["gpt-4o"],
    {},
]


async def test_what_no_model_can_be_called_is_left_out(upstream):
    upstream.models = model_list(*UNFITTING, *FITTING, *UNFITTING, *FITTING)

    assert await offered_models() == tuple(FITTING)


SHAPES = {
    "a bare list": ([{"id": "a"}, {"id": "b"}], ("a", "b")),
    "more beside the id": ({"data": [{"id": "a", "id2": 1, "context_length": 5}]}, ("a",)),
    "entries that are none": ({"data": [None, 5, "a", [], {}, {"name": "b"}, {"id": "c"}]}, ("c",)),
    "an empty list": ({"data": []}, NONE),
    "no list": ({"data": {"id": "a"}}, NONE),
    "no data": ({"object": "list"}, NONE),
    "words": ("gpt-4o", NONE),
    "null": (None, NONE),
}


@pytest.mark.parametrize(("payload", "expected"), SHAPES.values(), ids=SHAPES)
async def test_an_answer_of_any_shape(upstream, payload, expected):
    upstream.models = json_response(payload)

    assert await offered_models() == expected


async def test_of_thousands_the_first_are_taken(upstream):
    upstream.models = model_list(*(f"model-{number}" for number in range(5_000)))

    found = await offered_models()

    assert (len(found), found[0], found[-1]) == (1_000, "model-0", "model-999")


FAILURES = {
    "key": (error_response(401, "invalid_api_key", f"Bad key: {KEY}"), "authentication"),
    "not found": (error_response(404), "bad_request"),
    "rate": (error_response(429, "rate_limit_exceeded"), "rate_limit"),
    "server": (error_response(500), "server"),
    "redirect": ([respond(302, {"location": "http://127.0.0.1:1/"})], "bad_request"),
    "page": ([respond(200), raw(b"<html>Hello</html>")], "server"),
    "deep": ([respond(200), raw(b"[" * 100_000)], "server"),
    "nothing": ([respond(200)], "server"),
    "broken off": ([respond(200), raw(b'{"data": ['), close()], "connection_lost"),
    "reset": ([reset()], "connection_lost"),
    "endless": ([respond(200), *[raw(b" " * 100_000)] * 1_000], "server"),
    "an endless error": ([respond(500), *[raw(b" " * 100_000)] * 1_000], "server"),
}


@pytest.mark.parametrize(("script", "code"), FAILURES.values(), ids=FAILURES)
async def test_a_failure_is_an_empty_list_and_one_line_in_the_log(upstream, caplog, script, code):
    upstream.models = script

    assert await offered_models() == NONE

    [line] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert line.startswith(f"the provider told no models: {code}")
    assert KEY not in line
    assert "\n" not in line


@pytest.mark.parametrize("script", [[hang()], [respond(200), raw(b'{"data": ['), hang()]])
async def test_it_does_not_wait_for_long(upstream, caplog, monkeypatch, script):
    monkeypatch.setattr(offered, "LIST_SECONDS", 0.2)
    upstream.models = script

    assert await asyncio.wait_for(offered_models(), PATIENCE) == NONE

    assert "timeout The list took longer than 0.2 s." in caplog.text
    assert all(each.disconnected.wait(PATIENCE) for each in upstream.model_requests)


async def test_nobody_listens(upstream, settings, unused_tcp_port):
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{unused_tcp_port}/v1"

    assert await offered_models() == NONE


@pytest.mark.parametrize(
    ("key", "base_url"), [("sk-\n0123456789", ""), ("", "http://[::bad/v1"), ("", "ftp://test/v1")]
)
async def test_settings_that_cannot_be_used(settings, caplog, key, base_url):
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = key, base_url

    assert await offered_models() == NONE

    assert "0123456789" not in caplog.text


async def test_a_fault_of_our_own_is_not_disguised(upstream, monkeypatch):
    def broken(_):
        raise KeyError

    monkeypatch.setattr(offered, "_ids", broken)

    with pytest.raises(KeyError):
        await offered_models()


async def test_a_list_is_kept_for_five_minutes(upstream, clock):
    await offered_models()
    upstream.models = model_list("new")

    clock.now += 299
    assert await offered_models() == ("gpt-4o-mini", "gpt-4o")
    clock.now += 1
    assert await offered_models() == ("new",)
    assert len(upstream.model_requests) == 2


async def test_an_empty_list_is_kept_for_half_a_minute(upstream, clock):
    upstream.models = error_response(500)
    await offered_models()
    upstream.models = model_list("new")

    clock.now += 29
    assert await offered_models() == NONE
    clock.now += 1
    assert await offered_models() == ("new",)


async def test_each_destination_has_its_own_list(upstream, settings):
    await offered_models()
    upstream.models = lambda request: model_list(request.headers["authorization"][-5:])
    settings.OPENAI_API_KEY = "another-key-0123456789-other"

    assert await offered_models() == ("other",)
    settings.OPENAI_API_KEY = KEY
    assert await offered_models() == ("gpt-4o-mini", "gpt-4o")


async def test_many_who_come_at_once_ask_once(upstream):
    gate = Gate()
    upstream.models = [gate, *model_list("a")]

    asking = [asyncio.create_task(offered_models()) for _ in range(50)]
    await asyncio.to_thread(gate.wait_until_reached)
    gate.open()

    assert set(await asyncio.gather(*asking)) == {("a",)}
    assert len(upstream.model_requests) == 1


async def test_who_goes_away_while_asking_spoils_nothing(upstream):
    gate = Gate()
    upstream.models = [gate, *model_list("a")]
    first = asyncio.create_task(offered_models())
    await asyncio.to_thread(gate.wait_until_reached)
    first.cancel()
    upstream.models = model_list("b")

    assert await offered_models() == ("b",)
    assert first.cancelled()


def test_a_list_is_kept_from_one_event_loop_to_the_next(server, settings):
    server.reset()
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = server.base_url, KEY

    async def ask():
        try:
            return await offered_models()
        finally:
            await room.close()

    assert [asyncio.run(ask()) for _ in range(3)] == [("gpt-4o-mini", "gpt-4o")] * 3
    assert len(server.model_requests) == 1


async def test_a_list_that_fails_leaves_calls_alone(upstream):
    upstream.models = [reset()]

    await offered_models()

    assert (await call()).text == "Hello there!"
