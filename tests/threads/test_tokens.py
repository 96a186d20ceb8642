from conversations.models import Message, Role, Status
from conversations.threads import token_count, token_counts
from tests.people import say
from tests.threads.kit import ask


def test_tokens_are_counted_once_for_each_encoding(tea, django_assert_num_queries):
    message = say(tea, Role.USER, "お誕生日おめでとう")

    with django_assert_num_queries(2):
        counted = [token_count(message, name) for name in ["cl100k_base", "o200k_base"] * 3]

    assert counted == [9, 8] * 3
    message.refresh_from_db()
    assert message.token_counts == {"cl100k_base": 9, "o200k_base": 8}


def test_a_stored_count_is_believed(tea, django_assert_num_queries):
    message = say(tea, Role.USER, "Tea", token_counts={"o200k_base": 77})

    with django_assert_num_queries(0):
        assert token_count(message, "o200k_base") == 77


def test_text_that_is_still_arriving_is_counted_but_not_for_later(tea):
    answer = say(tea, Role.ASSISTANT, "Two cups", status=Status.STREAMING)

    assert token_count(answer, "o200k_base") == 2
    answer.refresh_from_db()
    assert answer.token_counts == {}


def test_the_tokens_of_a_path_are_counted_and_stored_together(tea, django_assert_num_queries):
    ask(tea, *["tea, please", "1 cup"] * 20)
    messages = list(tea.messages.in_order())

    with django_assert_num_queries(1):
        counted = token_counts(messages, "o200k_base")

    assert counted == [3, 2] * 20
    stored = Message.objects.in_order().values_list("token_counts", flat=True)
    assert list(stored) == [{"o200k_base": each} for each in counted]


def test_only_what_is_missing_is_counted(tea):
    known = say(tea, Role.USER, "Tea", token_counts={"o200k_base": 77, "cl100k_base": 5})
    unknown = say(tea, Role.USER, "Tea", token_counts={"cl100k_base": 5})

    counted = token_counts([known, unknown], "o200k_base")

    unknown.refresh_from_db()
    assert counted == [77, 1]
    assert unknown.token_counts == {"cl100k_base": 5, "o200k_base": 1}
