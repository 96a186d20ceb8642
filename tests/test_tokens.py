import gzip
import hashlib
import subprocess
import sys
import threading
from multiprocessing import get_context

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.tokens import (
    CACHE_NAMES,
    ENCODINGS,
    Usage,
    count,
    count_message,
    count_prompt,
    encoding_name,
    unpack_encodings,
)
from tests.properties import modest

# What tiktoken expects of the files that it would otherwise download (tiktoken_ext/openai_public).
EXPECTED = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}

JARGON = [
    (
        "system",
        None,
        "You are a helpful, pattern-following assistant that translates corporate jargon into "
        "plain English.",
    ),
    ("system", "example_user", "New synergies will help drive top-line growth."),
    ("system", "example_assistant", "Things working well together will increase revenue."),
    (
        "system",
        "example_user",
        "Let's circle back when we have more bandwidth to touch base on opportunities for "
        "increased leverage.",
    ),
    (
        "system",
        "example_assistant",
        "Let's talk later when we're less busy about how to do better.",
    ),
    (
        "user",
        None,
        "This late pivot means we don't have time to boil the ocean for the client deliverable.",
    ),
]


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("gpt-3.5-turbo", 129),
        ("gpt-4-0613", 129),
        ("gpt-4", 129),
        ("gpt-4o", 124),
        ("gpt-4o-mini", 124),
    ],
)
def test_a_prompt_counts_what_the_api_counted(model, tokens):
    """The conversation and figures of §6 of "How to count tokens with Tiktoken", OpenAI's cookbook:
    developers.openai.com/cookbook/examples/how_to_count_tokens_with_tiktoken
    """
    encoding = encoding_name(model)

    counted = count_prompt(
        count_message(role, count(text, encoding), count(name, encoding) if name else None)
        for role, name, text in JARGON
    )

    assert counted == tokens


@pytest.mark.parametrize(
    ("text", "cl100k", "o200k"),
    [
        ("antidisestablishmentarianism", 6, 6),
        ("2 + 2 = 4", 7, 7),
        ("お誕生日おめでとう", 9, 8),
    ],
)
def test_a_text_counts_what_the_cookbook_says(text, cl100k, o200k):
    """§5 of the same page."""
    assert (count(text, "cl100k_base"), count(text, "o200k_base")) == (cl100k, o200k)


def test_an_empty_prompt_still_opens_an_answer():
    assert count_prompt([]) == 3


@pytest.mark.parametrize("encoding", CACHE_NAMES)
@pytest.mark.parametrize("role", ["system", "user", "assistant"])
def test_every_role_is_one_token(role, encoding):
    assert count(role, encoding) == 1


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-5-mini", "o200k_base"),
        ("gpt-4.1-nano-2025-04-14", "o200k_base"),
        ("o3", "o200k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-3.5-turbo-0125", "cl100k_base"),
        ("ft:gpt-4o-2024-08-06:our-team::abc", "o200k_base"),
        ("ft:gpt-3.5-turbo-0125:our-team::abc", "cl100k_base"),
        ("gpt-6-sol", "o200k_base"),
        ("claude-opus", "o200k_base"),
        ("llama3.1:8b", "o200k_base"),
        ("gpt-oss-20b", "o200k_base"),
        ("gpt2", "o200k_base"),
        ("demo", "o200k_base"),
        ("ft:", "o200k_base"),
        ("", "o200k_base"),
    ],
)
def test_a_model_has_its_own_encoding_or_the_stated_fallback(model, encoding):
    assert encoding_name(model) == encoding


def test_text_like_a_special_token_is_text():
    assert count("<|endoftext|>", "o200k_base") == 7
    assert count("<|im_start|>system", "cl100k_base") > 2


@modest
@given(st.text(st.characters()), st.sampled_from(sorted(CACHE_NAMES)))
def test_any_text_can_be_counted(text, encoding):
    assert 0 <= count(text, encoding) <= len(text.encode("utf-8", "surrogatepass"))


def test_total_is_prompt_and_completion_since_the_others_are_parts_of_them():
    usage = Usage(prompt=100, completion=20, cached=60, cache_write=10, reasoning=15)

    assert usage.total == 120


@pytest.mark.parametrize("name", CACHE_NAMES)
def test_the_files_that_come_with_the_project_are_those_that_tiktoken_expects(name):
    unpacked = gzip.decompress((ENCODINGS / f"{name}.tiktoken.gz").read_bytes())

    assert hashlib.sha256(unpacked).hexdigest() == EXPECTED[name]


def hashes(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


COMPLETE = {CACHE_NAMES[name]: sha256 for name, sha256 in EXPECTED.items()}


def test_unpacking_again_changes_nothing(tmp_path):
    unpack_encodings(tmp_path / "new" / "folder")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "new/folder").iterdir()}
    unpack_encodings(tmp_path / "new" / "folder")

    assert hashes(tmp_path / "new" / "folder") == COMPLETE
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_threads_may_unpack_at_once(tmp_path):
    failures = []
    together = threading.Barrier(4)

    def unpack():
        together.wait()
        try:
            unpack_encodings(tmp_path)
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=unpack) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert hashes(tmp_path) == COMPLETE


def test_processes_may_unpack_at_once(tmp_path):
    start = get_context("fork").Process
    processes = [start(target=unpack_encodings, args=(tmp_path,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    assert hashes(tmp_path) == COMPLETE


@pytest.mark.sqlite
def test_counting_needs_no_network(tmp_path):
    code = (
        "import socket\n"
        "def refuse(*_): raise AssertionError('the network was asked')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from conversations.tokens import count\n"
        "print(count('Two cups of tea', 'o200k_base'), count('Two cups of tea', 'cl100k_base'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"TIKTOKEN_CACHE_DIR": str(tmp_path / "empty")},
        capture_output=True,
        text=True,
    )

    assert (done.stdout, done.stderr) == ("4 4\n", "")


@pytest.mark.parametrize("encoding", ["o200k_base", "cl100k_base"])
def test_a_million_blanks_are_counted(encoding):
    assert count("{" + " " * 1_050_000, encoding) > 1000


def test_a_very_long_text_counts_as_its_lines_do():
    line = "Which tea, and how much of it?\n"

    assert count(line * 20_000, "o200k_base") == 20_000 * count(line, "o200k_base")
