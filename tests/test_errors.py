from collections import Counter

import pytest

from conversations import errors
from conversations.errors import ChatError, Refusal, UpstreamError, words_for


def leaves(error):
    """Every class that is raised; the three roots only name a kind."""
    children = [leaf for child in error.__subclasses__() for leaf in leaves(child)]
    return ([] if error in {ChatError, Refusal, UpstreamError} else [error]) + children


ALL = leaves(ChatError)

# code: (class, status or whether it is retryable, words about "x")
REFUSALS = {
    "invalid": (errors.InvalidInput, 422, "x"),
    "does_not_fit": (errors.DoesNotFit, 422, "x"),
    "too_long": (errors.TooLong, 422, "x"),
    "json_not_mentioned": (
        errors.JsonNotMentioned,
        422,
        "The provider wants the word JSON in a message when it is to answer in JSON. Say what you"
        " expect, as in “Answer in JSON”, here or in the system message.",
    ),
    "over_budget": (errors.OverBudget, 402, "x"),
    "cost_unknown": (
        errors.CostUnknown,
        402,
        "What this model costs is not known, and a budget holds here. Choose another model, or ask"
        " whoever runs this site to enter its price.",
    ),
    "thread_moved": (errors.ThreadMoved, 409, "This chat continued elsewhere."),
    "answer_running": (
        errors.AnswerRunning,
        409,
        "Another answer is still being written in this chat.",
    ),
    "too_busy": (
        errors.TooBusy,
        429,
        "The site is answering as many messages as it can. Try again in a moment.",
    ),
    "too_many_waiting": (
        errors.TooManyWaiting,
        429,
        "Too many of your messages are waiting already. Send this one when some are answered.",
    ),
    "too_soon": (errors.TooSoon, 429, "You can send again in x s."),
}
FAILURES = {
    "authentication": (
        errors.AuthenticationFailed,
        False,
        "The provider did not accept this site's API key. Tell whoever runs this site.",
    ),
    "bad_request": (errors.BadRequest, False, "The provider did not accept this request: x"),
    "context_length": (
        errors.ContextLengthExceeded,
        False,
        "This conversation is longer than the model can read: x",
    ),
    "rate_limit": (
        errors.RateLimited,
        True,
        "The provider is rate-limiting us. Try again in a moment.",
    ),
    "asked_to_wait": (errors.AskedToWait, False, "The provider asks us to wait x."),
    "quota": (
        errors.QuotaSpent,
        False,
        "The site's account with the provider has no credit left. Tell whoever runs this site.",
    ),
    "timeout": (errors.TimedOut, True, "x"),
    "no_connection": (errors.NoConnection, True, "x"),
    "connection": (errors.Unreachable, True, "The provider cannot be reached."),
    "connection_lost": (errors.ConnectionLost, True, "The connection to the provider broke."),
    "server": (errors.ServerFailed, True, "The provider failed (x)."),
    "cut_off": (errors.CutOff, True, "The answer broke off."),
    "queue_time": (
        errors.QueueTimedOut,
        False,
        "This message stood in line for x without a turn, so it was given up.",
    ),
    "never_begun": (
        errors.NeverBegun,
        False,
        "This site broke down each time it was about to send this message, so it was given up."
        " Whoever runs it finds more in the log.",
    ),
    "unexpected": (
        errors.Unexpected,
        False,
        "Something went wrong on this site. Whoever runs it finds the cause in the log.",
    ),
}
HOSTILE = ["{x}", "{", "}", "{0}", "{detail}", "{detail.__class__}", "100 %s {!r}"]


def test_the_tables_name_every_error():
    assert {error.code: error for error in ALL} == {
        code: error for code, (error, *_) in (REFUSALS | FAILURES).items()
    }


def test_every_error_has_a_code_of_its_own_that_the_ledger_can_hold():
    assert [code for code, times in Counter(error.code for error in ALL).items() if times > 1] == []
    assert max(len(error.code) for error in ALL) <= 30


@pytest.mark.parametrize(("error", "status", "words"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_has_its_status_and_words(error, status, words):
    assert (error.status, str(error("x"))) == (status, words)


@pytest.mark.parametrize(("error", "retryable", "words"), FAILURES.values(), ids=FAILURES)
def test_a_failure_says_whether_it_may_pass(error, retryable, words):
    assert (error.retryable, str(error("x"))) == (retryable, words)


@pytest.mark.parametrize("error", ALL)
def test_a_stored_code_says_later_what_the_error_said_then(error):
    assert words_for(error.code, "x") == str(error("x"))


@pytest.mark.parametrize("error", ALL)
@pytest.mark.parametrize("detail", HOSTILE)
def test_braces_in_a_detail_are_text(error, detail):
    assert str(error(detail)) == error.words.replace("{detail}", detail)
    assert words_for(error.code, detail) == str(error(detail))


@pytest.mark.parametrize("code", ["", "error", "of_a_newer_version", "{x}"])
def test_an_unknown_code_gets_the_general_sentence(code):
    assert words_for(code, "{detail}") == "Something went wrong."


def test_only_a_provider_that_may_have_worked_may_charge():
    charged = [code for code, (error, *_) in FAILURES.items() if error.may_be_charged]

    assert sorted(charged) == ["connection_lost", "cut_off", "timeout"]


def test_a_failure_knows_how_long_the_provider_asked_us_to_wait():
    assert errors.RateLimited(retry_after=2.5).retry_after == 2.5
    assert errors.RateLimited().retry_after is None


def test_a_refused_prompt_knows_the_providers_figures():
    told = errors.ContextLengthExceeded("x", limit=8192, asked=9001, prompt=5001)

    assert (told.limit, told.asked, told.prompt) == (8192, 9001, 5001)
    assert str(told) == str(errors.ContextLengthExceeded("x"))
