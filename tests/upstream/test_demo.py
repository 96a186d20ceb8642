"""What the demo says, as the site speaks to it: by the SDK, over HTTP."""

import asyncio
import json

import openai
import pytest

from conversations.errors import ContextLengthExceeded
from conversations.tokens import Usage, count, count_message, count_prompt
from conversations.upstream import Request
from conversations.upstream.client import current_client
from tests.upstream.conftest import call

SYSTEM = {"role": "system", "content": "Be kind."}
HELLO = {"role": "user", "content": "Hello!"}


def user(text):
    return {"role": "user", "content": text}


async def answer_to(*messages, max_tokens=4096):
    outcome = await call(Request("demo", messages, max_tokens))
    assert outcome.error is None
    return outcome


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

    # Nothing makes it quicker than that; a busy machine makes it slower.
    assert asyncio.get_running_loop().time() - began > 0.25


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


async def test_a_prompt_that_is_too_long_is_refused_by_name(demo):
    outcome = await call(Request("demo", (user("word " * 130_000),), 100))

    assert type(outcome.error) is ContextLengthExceeded
    assert "maximum context length is 128000 tokens" in str(outcome.error)
