"""What the servers in use say of a prompt that is too long, word for word."""

import time

import pytest

from conversations import errors
from conversations.upstream.failures import failure_of
from conversations.upstream.figures import Figures, read_figures
from conversations.upstream.redaction import quotable

OPENAI = "This model's maximum context length is 8192 tokens. However, "
SHORTEN = " Please reduce the length of the messages or completion."

# words: (limit, asked, prompt)
TOLD = {
    "OpenAI": (
        f"{OPENAI}you requested 9001 tokens (5001 in the messages, 4000 in the completion).{SHORTEN}",
        (8192, 9001, 5001),
    ),
    "OpenAI, with functions": (
        f"{OPENAI}you requested 9001 tokens (4001 in the messages, 1000 in the functions, and 4000 "
        f"in the completion).{SHORTEN}",
        (8192, 9001, 5001),
    ),
    "OpenAI, messages alone": (
        f"{OPENAI}your messages resulted in 9001 tokens. Please reduce the length of the messages.",
        (8192, None, 9001),
    ),
    "OpenAI, gpt-5": (
        "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in "
        "300000 tokens. Please reduce the length of the messages.",
        (272_000, None, 300_000),
    ),
    "OpenAI, long ago": (
        "This model's maximum context length is 2049 tokens, however you requested 2054 tokens "
        "(2049 in your prompt; 5 for the completion). Please reduce your prompt; or completion "
        "length.",
        (2049, 2054, 2049),
    ),
    "OpenRouter": (
        "This endpoint's maximum context length is 256000 tokens. However, you requested about "
        "424983 tokens (358454 of text input, 56529 of tool input, 10000 in the output). Please "
        "reduce the length of either one.",
        (256_000, 424_983, 414_983),
    ),
    "vLLM": (
        f"{OPENAI}your request has 9001 input tokens. Please reduce the length of the input "
        "messages.",
        (8192, None, 9001),
    ),
    "vLLM, room for the answer": (
        "'max_tokens' or 'max_completion_tokens' is too large: 4000. This model's maximum context "
        "length is 8192 tokens and your request has 5001 input tokens (4000 > 8192 - 5001).",
        (8192, 9001, 5001),
    ),
    "vLLM, which stopped counting": (
        f"{OPENAI}you requested 4000 output tokens and your prompt contains at least 4193 input "
        "tokens, for a total of at least 8193 tokens. Please reduce the length of the input prompt "
        "or the number of requested output tokens. (parameter=input_tokens, value=4193)",
        (8192, None, None),
    ),
    "SGLang": (
        "Requested token count exceeds the model's maximum context length of 4096 tokens. You "
        "requested a total of 5000 tokens: 4000 tokens from the input messages and 1000 tokens for "
        "the completion.",
        (4096, 5000, 4000),
    ),
    "SGLang, prompt alone": (
        "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
        (4096, None, 5000),
    ),
    "llama.cpp": (
        "request (1407 tokens) exceeds the available context size (256 tokens), try increasing it",
        (256, None, 1407),
    ),
    "llama-cpp-python": (
        "Requested tokens (516) exceed context window of 512",
        (512, None, 516),
    ),
    "LM Studio": (
        "The number of tokens to keep from the initial prompt is greater than the context length "
        "(n_keep: 5001>= n_ctx: 4096). Try to load the model with a larger context length.",
        (4096, None, 5001),
    ),
    "TGI": (
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 "
        "`inputs` tokens and 1000 `max_new_tokens`",
        (4096, 5000, 4000),
    ),
    "TGI, prompt alone": (
        "Input validation error: `inputs` must have less than 1024 tokens. Given: 1872",
        (1024, None, 1872),
    ),
    "Anthropic": (
        "prompt is too long: 210000 tokens > 200000 maximum",
        (200_000, None, 210_000),
    ),
    "Anthropic, room for the answer": (
        "input length and `max_tokens` exceed context limit: 174167 + 64000 > 200000, decrease "
        "input length or `max_tokens` and try again",
        (200_000, 238_167, 174_167),
    ),
    "Gemini": (
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        (1_048_576, None, 1_200_000),
    ),
    "xAI": (
        "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
        (131_072, None, 537_812),
    ),
    "Mistral": (
        "Prompt contains 300000 tokens, too large for model with 131072 maximum context length",
        (131_072, None, 300_000),
    ),
    "Kimi": (
        "Your request exceeded model token limit: 262144 (requested: 300000)",
        (262_144, 300_000, None),
    ),
    "Copilot": (
        "prompt token count of 130000 exceeds the limit of 128000",
        (128_000, None, 130_000),
    ),
    "DashScope": ("Range of input length should be [1, 129024]", (129_024, None, None)),
    "thousands, with commas": (
        "Prompt has 300,000 tokens, but the configured context size is 131,072 tokens",
        (131_072, None, 300_000),
    ),
    "thousands, otherwise": (
        "prompt is too long: 1.210.000 tokens > 1_000_000 maximum",
        (1_000_000, None, 1_210_000),
    ),
    "a limit alone": ("This model's maximum context length is 16385 tokens", (16_385, None, None)),
    "Ollama": ("prompt too long; exceeded max context length by 4096 tokens", (None, None, None)),
    "no figures": ("Your input exceeds the context window of this model.", (None, None, None)),
}


@pytest.mark.parametrize(("words", "expected"), TOLD.values(), ids=TOLD)
def test_the_refusal_tells_the_providers_figures(words, expected):
    failure = failure_of({"error": {"message": words, "code": None}}, 400)

    assert type(failure) is errors.ContextLengthExceeded
    assert (failure.limit, failure.asked, failure.prompt) == expected
    assert failure.detail == quotable(words)


def test_llama_cpp_tells_its_figures_beside_its_words():
    error = {
        "code": 400,
        "message": "the request exceeds the available context size, try increasing it",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": 1407,
        "n_ctx": 256,
    }

    failure = failure_of({"error": error}, 400)

    assert (failure.limit, failure.asked, failure.prompt) == (256, None, 1407)


SILLY = {
    "zero": ("0", 0),
    "negative": ("-8192", -8192),
    "absurd": ("1000000001", 1_000_000_001),
    "endless": ("9" * 5_000, 10**5_000),
    "leading zeros": ("008192", "8192"),
    "a fraction": ("81.92", 81.92),
    "odd thousands": ("8,19,2", True),
    "no number": ("many", None),
    "other digits": ("٨١٩٢", [8192]),
}


@pytest.mark.parametrize(("word", "field"), SILLY.values(), ids=SILLY)
def test_a_silly_figure_is_none(word, field):
    words = f"maximum context length is {word} tokens. Your messages resulted in {word} tokens."

    assert read_figures({}, words) == Figures()
    assert read_figures({"n_ctx": field, "n_prompt_tokens": field}, "") == Figures()


def test_more_for_the_answer_than_in_all_is_not_believed():
    words = "you requested 10 tokens (7 in the messages, 4000 in the completion)"

    assert read_figures({}, words) == Figures(None, 10, 7)


@pytest.mark.parametrize(
    "words",
    ["1" * 1_000_000, "1,234 " * 200_000, "context length is " * 50_000, "9 tokens > " * 90_000],
)
def test_reading_figures_is_quick(words):
    began = time.thread_time()
    read_figures({}, words)

    assert time.thread_time() - began < 5


def test_an_error_without_figures_has_none():
    failure = errors.ContextLengthExceeded("x")

    assert (failure.limit, failure.asked, failure.prompt) == (None, None, None)
