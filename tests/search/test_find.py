from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from conversations.models import Message, Role, Status
from conversations.search import find
from conversations.text import storable
from tests.people import make_conversation, say
from tests.properties import modest


@pytest.fixture
def tea(alice):
    return make_conversation(alice)


def tell(conversation, *texts):
    return [say(conversation, Role.USER, text) for text in texts]


def found(query, among, most=10):
    return [message.text for message in find(query, among, most)]


# --- what is found, in which order ------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("tea", "Green TEA, please."),
        ("TEA!", "green tea"),
        ("grusse", "Viele Grüsse"),
        ("Grüsse", "viele grusse"),
        ("Zoe\u0308", "Zoë"),
        ("Ärger", "A\u0308rger"),
        ("чай", "Чай готов"),
        ("İzmir", "izmir"),
        ("한국어", "한국어 공부"),
        # Without spaces a run of Chinese, Japanese or Thai is one word, found as a whole only.
        ("天気", "今日の、天気。"),
        ("sqlite.py", "see search/sqlite.py"),
        ("sqlite", "see search/sqlite.py:12"),
        ("example", "mail to me@example.org"),
        ("snake", "snake_case"),
        ("42", "the answer is -42."),
        ("b", "<a>b&c</a>"),
        ("don\u2019t", "I don't"),
        ("3000", "in 3000 words"),
    ],
)
def test_a_word_is_found_however_it_is_written(tea, query, text):
    tell(tea, text, "cake")

    assert found(query, tea.messages) == [text]


def test_a_part_of_a_run_without_spaces_is_not_found(tea):
    tell(tea, "今日は天気がいい")

    assert found("天気", tea.messages) == []


def test_what_says_more_of_the_query_comes_first(tea):
    tell(tea, "a kettle", "milk and sugar", "the kettle sings", "cake")

    assert found("does the kettle sing, or what sings?", tea.messages) == [
        "the kettle sings",
        "a kettle",
    ]


def test_a_rare_word_weighs_more_than_a_common_one(tea):
    tell(tea, "oolong leaves", *[f"the cup is the cup {number}" for number in range(9)])

    assert found("the the the oolong", tea.messages, 1) == ["oolong leaves"]


def test_a_short_message_comes_before_a_long_one_that_says_the_same(tea):
    tell(tea, "oolong", "oolong" + " and so much else" * 50, *["cake"] * 5)

    assert found("oolong", tea.messages)[0] == "oolong"


def test_of_equals_the_newest_comes_first_then_the_id_decides(tea):
    old, *equals = tell(tea, "green tea", "green tea", "green tea")
    now = timezone.now()
    tea.messages.update(created_at=now)
    tea.messages.filter(pk=old.pk).update(created_at=now - timedelta(days=1))

    messages = find("tea", tea.messages, 10)

    assert messages == [*sorted(equals, key=lambda message: message.pk), old]


def test_no_more_are_found_than_are_wanted(tea):
    tell(tea, "tea one", "tea two", "tea three")

    assert len(find("tea", tea.messages, 2)) == 2
    assert find("tea", tea.messages, 0) == []


@pytest.mark.parametrize("query", ["", "   ", "?!", "🍵", "coffee", "x" * 5000])
def test_where_nothing_is_said_or_found_nothing_comes(tea, query):
    tell(tea, "green tea", "")

    assert find(query, tea.messages, 10) == []


def test_stop_words_alone_find_what_holds_them(tea):
    tell(tea, "the cup of the day", "tea")

    assert found("of the", tea.messages) == ["the cup of the day"]


def test_the_start_of_a_huge_message_is_found(tea):
    (huge,) = tell(tea, "oolong " + "-".join(f"𐌰{number}" for number in range(60_000)))

    assert find("oolong", tea.messages, 1) == [huge]


# --- among what -------------------------------------------------------------------------------


def test_only_the_given_messages_are_searched(tea, bob):
    first, second, _ = tell(tea, "tea one", "tea two", "tea three")
    tell(make_conversation(bob), *["tea tea tea"] * 5)

    assert found("tea", tea.messages.exclude(pk__in=[second.pk]), 2) == ["tea three", "tea one"]
    assert found("tea", tea.messages.filter(pk=first.pk), 1) == ["tea one"]
    assert found("tea", tea.messages.none()) == []
    assert found("tea", tea.messages.filter(pk__in=[])) == []
    assert found("tea", tea.messages.filter(text__contains="100%")) == []


def test_messages_come_as_they_were_asked_for(tea, django_assert_num_queries):
    tell(tea, "tea one", "tea two")
    among = Message.objects.filter(conversation__owner__username="alice").in_order()

    with django_assert_num_queries(2):
        messages = find("tea", among.select_related("conversation"), 10)
        assert [message.conversation.title for message in messages] == ["Tea", "Tea"]


def test_deleted_messages_and_running_answers_are_not_found(tea):
    (gone,) = tell(tea, "green tea")
    say(tea, Role.ASSISTANT, "black tea", status=Status.STREAMING)
    tea.messages.filter(pk=gone.pk).update(deleted_at=timezone.now())

    assert find("tea", tea.messages, 10) == []


@pytest.mark.parametrize(
    "ending", [Status.COMPLETE, Status.STOPPED, Status.INTERRUPTED, Status.FAILED]
)
def test_an_answer_is_found_once_it_has_ended(tea, ending):
    answer = say(tea, Role.ASSISTANT, "", status=Status.QUEUED)
    row = tea.messages.filter(pk=answer.pk)

    row.update(status=Status.STREAMING, text="oolong")
    assert find("oolong", tea.messages, 10) == []
    # How many rows it changed is how a runner knows that it still holds its answer.
    assert row.update(status=ending, text="oolong tea") == 1
    assert find("oolong", tea.messages, 10) == [answer]


# --- whatever is typed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        'green "tea',
        "tea*",
        "NEAR(tea cake)",
        "NOT tea",
        "tea AND",
        "OR tea",
        "-tea",
        "text:tea",
        "^tea",
        "(tea",
        "{tea}:",
        "tea & !cake | <-> 'x",
        "tea:*ABCD",
        "tea\\",
        "'; DROP TABLE tea; --",
        "%s tea %(x)s 100%",
    ],
)
def test_operators_are_only_punctuation(tea, query):
    tell(tea, "green tea", "nothing")

    assert found(query, tea.messages) == ["green tea"]


@modest
@given(st.text())
@example("ǅ ﬁ ① ½ ª º ᾳ ϓ")
@example("\U0001e900\U00016e40 \u0e33\u0eb3 \u200dक\u200c्")
def test_any_text_may_be_said_and_asked(tea, text):
    tea.messages.all().delete()
    tea.current_leaf = None
    tell(tea, storable(text), "tea")

    find(text, tea.messages, 10)

    assert "tea" in found(f"{text[:50]} tea", tea.messages)


def test_what_others_write_does_not_change_what_comes_first(tea, bob):
    tell(tea, "tea and rain", "tea and sun", "rain and cake and rain")
    before = found("rain sun tea", tea.messages)
    tell(make_conversation(bob), *["sun"] * 30, *["rain rain rain and much more"] * 10)

    assert found("rain sun tea", tea.messages) == before
