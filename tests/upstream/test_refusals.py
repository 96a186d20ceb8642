"""Every way a provider refuses, before the answer and within it."""

import pytest

from conversations import errors
from conversations.upstream import open_stream
from tests.patience import PATIENCE
from tests.upstream.conftest import KEY, ask, call, failed
from tests.upstream_server import (
    chunk,
    close,
    content,
    error_response,
    json_response,
    raw,
    reset,
    respond,
)

REFUSALS = {
    "key": (error_response(401, "invalid_api_key"), errors.AuthenticationFailed),
    "bad request": (error_response(400, None, "No such thing."), errors.BadRequest),
    "model": (error_response(404, "model_not_found"), errors.BadRequest),
    "context": (error_response(400, "context_length_exceeded"), errors.ContextLengthExceeded),
    "rate": (error_response(429, "rate_limit_exceeded"), errors.RateLimited),
    "quota": (error_response(429, "insufficient_quota"), errors.QuotaSpent),
    "server": (error_response(500), errors.ServerFailed),
    "gateway page": ([respond(502), raw(b"<html>" + b"x" * 1000)], errors.ServerFailed),
    "no body": ([respond(503)], errors.ServerFailed),
    "timeout": ([respond(408)], errors.TimedOut),
    "error under 200": (json_response({"error": {"code": "429"}}), errors.RateLimited),
    "words under 200": (json_response({"error": "Overloaded"}), errors.ServerFailed),
    "no response": ([close()], errors.ConnectionLost),
    "reset": ([reset()], errors.ConnectionLost),
}


@pytest.mark.parametrize(("script", "expected"), REFUSALS.values(), ids=REFUSALS)
async def test_refusal(upstream, script, expected):
    outcome = await failed(upstream, script)

    assert type(outcome.error) is expected
    assert outcome.deltas == []
    assert len(upstream.requests) == 1


async def test_a_refusal_is_raised_on_entering(upstream):
    upstream.play(error_response(400, None, "No such thing."))
    opening = open_stream(ask())

    with pytest.raises(errors.BadRequest, match="No such thing"):
        await opening.__aenter__()


async def test_the_wait_asked_for_is_kept(upstream):
    outcome = await failed(
        upstream, error_response(429, "rate_limit_exceeded", headers={"retry-after": "7"})
    )

    assert outcome.error.retry_after == 7.0


IN_THE_STREAM = {
    "OpenAI's": ({"error": {"code": "server_error", "message": "Boom"}}, errors.ServerFailed),
    "a status": ({"error": {"code": 429, "message": "Slow"}}, errors.RateLimited),
    "with a finish": (
        chunk({}, "error") | {"error": {"code": 502, "message": "Gone"}},
        errors.ServerFailed,
    ),
    "context": ({"error": {"message": "maximum context length"}}, errors.ContextLengthExceeded),
    "event": (raw(b'event: error\ndata: {"code": 401}\n\n'), errors.AuthenticationFailed),
    "event with words": (raw(b"event: error\ndata: Out of luck\n\n"), errors.ServerFailed),
    "last, without its blank line": (
        raw(b'data: {"error": {"code": "insufficient_quota"}}'),
        errors.QuotaSpent,
    ),
}


@pytest.mark.parametrize(("step", "expected"), IN_THE_STREAM.values(), ids=IN_THE_STREAM)
async def test_an_error_in_the_stream(upstream, step, expected):
    outcome = await failed(upstream, content("Hi"), step)

    assert type(outcome.error) is expected
    assert outcome.text == "Hi"


async def test_an_endless_error_body_is_read_only_at_its_beginning(upstream):
    endless = [raw(b"x" * 60_000)] * 5_000
    outcome = await failed(upstream, respond(500), *endless)

    assert type(outcome.error) is errors.ServerFailed
    assert upstream.wait_for_request().disconnected.wait(PATIENCE)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(upstream, status):
    elsewhere = upstream.base_url.replace("127.0.0.1", "localhost") + "/elsewhere"
    outcome = await failed(upstream, respond(status, {"location": elsewhere}))

    assert type(outcome.error) is errors.BadRequest
    assert "redirect" in str(outcome.error)
    assert len(upstream.requests) == 1


async def test_nobody_listens(upstream, settings, unused_tcp_port):
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{unused_tcp_port}/v1"

    outcome = await call()

    assert type(outcome.error) is errors.Unreachable


async def test_the_key_shows_nowhere(upstream, caplog):
    caplog.set_level("DEBUG")
    message = f"Incorrect API key provided: {KEY}. See {KEY[:9]}*****{KEY[-4:]}."
    for script in (
        error_response(401, "invalid_api_key", message),
        error_response(400, KEY, message),
        error_response(500, None, message, headers={"x-key": KEY}),
        [content("Hi"), {"error": {"message": message, "code": KEY}}],
        [raw(f"event: error\ndata: {message}\n\n".encode())],
        [raw(message.encode())],
        [respond(302, {"location": f"http://elsewhere/?key={KEY}"})],
    ):
        outcome = await failed(upstream, *script)
        error = outcome.error
        assert error.__cause__ is None
        assert error.__context__ is None
        assert KEY not in f"{error!r} {error} {error.detail}"
    log = "\n".join(str(record.__dict__) for record in caplog.records if record.name != "asyncio")
    # The server's own header, which the transport notes at DEBUG, is not ours to hide.
    assert KEY not in log.replace(f"(b'x-key', b'{KEY}')", "").replace(f"key={KEY}", "")
