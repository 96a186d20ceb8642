from conversations.context import STRATEGIES
from tests.context_kit import SYSTEM, made, path, sent, states


def test_all_of_it_is_sent():
    context = made("everything", limit=59)

    assert sent(context) == [SYSTEM.text, "one", "1", "two", "2", "three"]
    assert (context.tokens, context.over) == (59, 0)


def test_what_does_not_fit_by_a_token_is_said_and_nothing_is_left_out_quietly():
    context = made("everything", limit=58)

    assert (context.tokens, context.over, context.left_out) == (59, 1, 2)
    assert states(context) == {
        "Be brief.": "sent",
        "one": "does not fit",
        "1": "does not fit",
        "two": "sent",
        "2": "sent",
        "three": "sent",
    }


def test_what_the_person_excluded_is_not_everything():
    context = made("everything", path("u: one", "a- 1", "u: two"), limit=23, system=None)

    assert sent(context) == ["one", "two"]
    assert context.over == 0


def test_it_does_not_bend():
    assert [each.name for each in STRATEGIES.values() if not each.bends] == ["everything"]
