"""The demo, as the site speaks to it: by the SDK, over HTTP."""

import asyncio
import json

import httpx2
import openai
import pytest

from conversations import upstream as room
from conversations.errors import ContextLengthExceeded
from conversations.tokens import Usage, count, count_message, count_prompt
from conversations.upstream import Request, open_stream
from conversations.upstream.client import current_client
from conversations.upstream.demo import DemoEndpoint, wire
from tests.upstream.conftest import call

SYSTEM = {"role": "system", "content": "Be kind."}
HELLO = {"role": "user", "content": "Hello!"}


def user(text):
    return {"role": "user", "content": text}


async def answer_to(*messages, max_tokens=4096):
    outcome = await call(Request("demo", messages, max_tokens))
    assert outcome.error is None
    return outcome


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


async def test_hello_is_answered_warmly_with_what_to_try_and_how_to_leave(demo):
    outcome = await answer_to(HELLO)

    for words in (
        "demo",
        "not from a language model",
        "I received 1 message (user)",
        "Hello, and welcome!",
        "**table**",
        "**code**",
        "**maths**",
        "**json**",
        "**long**",
        "`OPENAI_API_KEY`",
        "`OPENAI_BASE_URL`",
    ):
        assert words in outcome.text
    assert outcome.stream.finish_reason == "stop"
    assert outcome.stream.model == "demo"
    assert outcome.stream.id.startswith("chatcmpl-demo-")


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("Show me a table", "|--------:|"),
        ("Some CODE, please!", "```python\n"),
        ("maths?", "$$\n"),
        ("Do you know math", r"\("),
        ("json", "```json\n"),
        ("a long answer", "## 1. "),
    ],
)
async def test_each_word_brings_its_piece(demo, asked, shown):
    outcome = await answer_to(SYSTEM, user(asked))

    assert shown in outcome.text
    assert "welcome" not in outcome.text


async def test_several_words_bring_several_pieces_in_order(demo):
    text = (await answer_to(user("First code, then a table. And code."))).text

    assert text.index("```python") < text.index("| Planet")
    assert text.count("```python") == 1


async def test_words_within_words_bring_nothing(demo):
    text = (await answer_to(user("An aftermath of tablecloths: decode it"))).text

    assert "welcome" in text


async def test_the_long_answer_is_about_1500_tokens(demo):
    outcome = await answer_to(user("long"))

    assert 1_400 < outcome.stream.usage.completion < 1_700


async def test_it_says_which_messages_it_received(demo):
    text = (await answer_to(SYSTEM, HELLO, {"role": "assistant", "content": "Hi"}, HELLO)).text

    assert "I received 4 messages (system, user, assistant, user)" in text


async def test_many_messages_are_counted(demo):
    turns = [HELLO, {"role": "assistant", "content": "Hi"}] * 20
    text = (await answer_to(SYSTEM, *turns, HELLO)).text

    assert "I received 42 messages (1 system, 21 user, 20 assistant)" in text


async def test_it_repeats_nothing_that_it_was_sent(demo):
    text = (await answer_to(user("<script>alert(1)</script> ](javascript:x) wombat"))).text

    assert "<" not in text
    assert "wombat" not in text


@pytest.mark.parametrize(
    "messages",
    [
        (SYSTEM,),
        ({"role": "assistant", "content": "Hi"},),
        ({"role": "assistant", "content": ""}, {"role": "assistant", "content": "more"}),
        (user(""),),
    ],
)
async def test_odd_conversations_are_answered(demo, messages):
    assert "welcome" in (await answer_to(*messages)).text


async def test_usage_is_honest(demo):
    messages = (SYSTEM, HELLO | {"name": "zoe"})
    outcome = await answer_to(*messages)

    def tokens(text):
        return count(text, "o200k_base")

    prompt = count_prompt(
        [
            count_message("system", tokens("Be kind.")),
            count_message("user", tokens("Hello!"), tokens("zoe")),
        ]
    )
    assert outcome.stream.usage == Usage(prompt, tokens(outcome.text))
    assert f"{prompt} tokens in all" in outcome.text


@pytest.mark.parametrize("limit", [1, 5, 100])
async def test_the_limit_on_tokens_cuts_the_answer(demo, limit):
    whole = (await answer_to(user("long"))).text
    outcome = await answer_to(user("long"), max_tokens=limit)

    assert whole.startswith(outcome.text)
    assert outcome.stream.finish_reason == "length"
    assert outcome.stream.usage.completion == limit == count(outcome.text, "o200k_base")


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_both_names_of_the_limit_are_honoured(demo, settings, name):
    settings.MAX_TOKENS_PARAMETER = name
    outcome = await answer_to(HELLO, max_tokens=3)

    assert outcome.stream.usage.completion == 3


async def test_a_limit_that_is_not_reached_changes_nothing(demo):
    whole = await answer_to(HELLO)
    exact = await answer_to(HELLO, max_tokens=whole.stream.usage.completion)

    assert (exact.text, exact.stream.finish_reason) == (whole.text, "stop")


async def test_it_comes_word_by_word(demo):
    outcome = await answer_to(HELLO)

    assert len(outcome.deltas) > 50
    assert max(len(delta.text) for delta in outcome.deltas) < 40


async def test_its_pace_is_set(demo, settings):
    settings.DEMO_TOKENS_PER_SECOND = 100
    began = asyncio.get_running_loop().time()
    await answer_to(HELLO, max_tokens=30)

    assert 0.25 < asyncio.get_running_loop().time() - began < 2


async def test_it_stops_when_the_client_goes_away(endpoint, settings):
    settings.DEMO_TOKENS_PER_SECOND = 20
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = endpoint.base_url, endpoint.key
    async with open_stream(Request("demo", (user("long"),), 4096)) as stream:
        await anext(stream)
        assert len(endpoint._connections) == 1
    async with asyncio.timeout(1):
        while endpoint._connections:  # noqa: ASYNC110 - the endpoint tells nobody
            await asyncio.sleep(0.01)
    await room.close()


async def test_the_same_endpoint_serves_every_call(demo):
    await answer_to(HELLO)
    first = (await current_client()).base_url
    await answer_to(HELLO)

    assert (await current_client()).base_url == first
    assert str(first).startswith("http://127.0.0.1:")


async def test_closing_takes_its_address_away(demo):
    await answer_to(HELLO)
    address = str((await current_client()).base_url)

    await room.close()

    async with httpx2.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx2.ConnectError):
            await http.get(f"{address}models")


async def test_closing_does_not_wait_for_answers(settings):
    settings.DEMO_TOKENS_PER_SECOND = 1
    settings.OPENAI_BASE_URL = settings.OPENAI_API_KEY = ""
    reading = asyncio.create_task(call(Request("demo", (HELLO,), 4096)))
    await asyncio.sleep(0.3)

    await asyncio.wait_for(room.close(), 2)

    assert (await reading).error is not None


async def test_without_streaming(demo):
    sdk = await current_client()
    answer = await sdk.chat.completions.create(model="demo", messages=[HELLO], max_tokens=4)

    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 4
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 4


async def test_the_sdks_own_stream_reads_it(demo):
    sdk = await current_client()
    stream = await sdk.chat.completions.create(
        model="demo", messages=[HELLO], stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]

    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens > 0


async def test_usage_is_sent_only_when_asked_for(demo):
    sdk = await current_client()
    stream = await sdk.chat.completions.create(model="demo", messages=[HELLO], stream=True)

    assert [chunk.usage async for chunk in stream if chunk.usage] == []


async def test_json_mode_gives_one_object(demo):
    sdk = await current_client()
    answer = await sdk.chat.completions.create(
        model="demo",
        messages=[user("Some JSON, please")],
        response_format={"type": "json_object"},
    )
    found = json.loads(answer.choices[0].message.content)

    assert found["received"]["by_role"] == {"user": 1}


async def test_a_schema_gives_a_value_of_its_shape(demo):
    sdk = await current_client()
    schema = {"type": "object", "properties": {"cups": {"type": "integer", "minimum": 2}}}
    answer = await sdk.chat.completions.create(
        model="demo",
        messages=[user("Some JSON, please")],
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "tea", "schema": schema},
        },
    )

    assert json.loads(answer.choices[0].message.content) == {"cups": 2}


async def test_json_mode_wants_the_word(demo):
    sdk = await current_client()
    with pytest.raises(openai.BadRequestError, match="'json' in some form"):
        await sdk.chat.completions.create(
            model="demo", messages=[HELLO], response_format={"type": "json_object"}
        )


async def test_models(demo):
    models = await (await current_client()).models.list()

    assert [model.id for model in models.data] == ["demo"]


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer wrong", "Bearer wr\xf6ng", "Basic abc"])
async def test_another_key_is_refused(endpoint, key):
    async with httpx2.AsyncClient(trust_env=False) as http:
        headers = {b"authorization": key.encode("latin-1")}
        answer = await http.get(f"{endpoint.base_url}/models", headers=headers)

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"


async def test_each_endpoint_has_its_own_key(endpoint):
    other = await DemoEndpoint.start()
    await other.close()

    assert len(endpoint.key) > 30
    assert endpoint.key != other.key


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


async def test_a_prompt_that_is_too_long_is_refused_by_name(demo):
    outcome = await call(Request("demo", (user("word " * 130_000),), 100))

    assert type(outcome.error) is ContextLengthExceeded
    assert "maximum context length is 128000 tokens" in str(outcome.error)


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
    answered = await asyncio.wait_for(reader.read(), 2)
    writer.close()

    assert answered.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))


async def test_it_listens_on_this_machine_only(endpoint):
    [listener] = endpoint._server.sockets

    assert listener.getsockname()[0] == "127.0.0.1"
