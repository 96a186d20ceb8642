"""The model behind the chat: whom the site asks, and by which names."""

import pytest


@pytest.mark.parametrize(
    ("variables", "demo", "model"),
    [
        ({}, True, "demo"),
        ({"DEFAULT_MODEL": "gpt-4o"}, True, "demo"),
        ({"OPENAI_API_KEY": "  "}, True, "demo"),
        ({"OPENAI_API_KEY": "sk-1"}, False, "gpt-5-mini"),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1"}, False, "gpt-5-mini"),
        ({"OPENAI_BASE_URL": "http://llm/v1", "DEFAULT_MODEL": "llama3"}, False, "llama3"),
    ],
)
def test_a_key_or_an_address_ends_the_demo(read, variables, demo, model):
    settings = read(**variables)

    assert (settings["DEMO_MODE"], settings["DEFAULT_MODEL"]) == (demo, model)
    assert settings["PROBLEMS"] == []


@pytest.mark.parametrize("url", ["llm/v1", "ws://llm/v1", "http://", "http://[llm"])
def test_a_base_url_that_is_none_is_said_and_does_not_lead_elsewhere(read, url):
    settings = read(OPENAI_BASE_URL=url, OPENAI_API_KEY="sk-1")

    assert settings["PROBLEMS"] == ["OPENAI_BASE_URL must be like https://api.example.org/v1."]
    assert settings["OPENAI_BASE_URL"] == url


@pytest.mark.parametrize(
    ("typed", "value", "problems"),
    [
        ("", "auto", []),
        ("max_tokens", "max_tokens", []),
        ("max_completion_tokens", "max_completion_tokens", []),
        (
            "both",
            "auto",
            ["MAX_TOKENS_PARAMETER must be auto, max_tokens or max_completion_tokens, not 'both'."],
        ),
    ],
)
def test_the_name_of_the_limit(read, typed, value, problems):
    settings = read(MAX_TOKENS_PARAMETER=typed)

    assert (settings["MAX_TOKENS_PARAMETER"], settings["PROBLEMS"]) == (value, problems)
