from dataclasses import replace

from conversations.context import Piece
from tests.context_kit import REPLY, SYSTEM, made, path, piece, sent, states

LONG = path(*(f"{role}: {n}{role}" for n in range(20) for role in "ua"), "u: now")  # 410 tokens
SHORT = path("u: tea", "a: green", "u: which tea?")
OPENING = "Earlier messages that may matter here, each as it was written:"
# A quarter of it, 50 tokens, has room for the opening (10) and three finds with their labels (12).
LIMIT = 203


class Search:
    """Finds these, and remembers what it was asked."""

    def __init__(self, *found):
        self.found = found
        self.asked = []

    def __call__(self, without, most, everywhere):
        self.asked.append((set(without), most, everywhere))
        return [piece for piece in self.found if piece.id not in without][:most]


def retrieve(search, pieces=LONG, limit=LIMIT, **numbers):
    return made("retrieve", pieces, limit, find=search, numbers=numbers)


def test_what_was_found_stands_in_one_marked_block_after_the_system_message():
    context = retrieve(Search(LONG[1], LONG[0]))

    assert context.messages[:2] == (
        {"role": "system", "content": SYSTEM.text},
        {"role": "system", "content": f"{OPENING}\n\nassistant:\n0a\n\nuser:\n0u"},
    )


def test_nothing_is_looked_for_where_everything_fits():
    search = Search(LONG[0])

    context = retrieve(search, limit=1000)

    assert search.asked == []
    assert context.record() == made("fit", LONG, 1000).record()


def test_what_is_sent_anyway_is_not_looked_for():
    search = Search(*LONG)

    retrieve(search, limit=3 + 6 + 10 + 20)

    without, most, everywhere = search.asked[0]
    assert without == {SYSTEM.id} | {each.id for each in LONG[-3:]}
    assert (most, everywhere) == (5, False)


def test_the_best_come_first_until_a_quarter_of_the_room_is_taken():
    context = retrieve(Search(LONG[3], LONG[0], LONG[2], LONG[1]))

    assert [entry.piece.text for entry in context.entries if entry.joins] == ["1a", "0u", "1u"]


def test_one_that_is_too_long_makes_way_for_the_next():
    long, short = replace(LONG[0], tokens=35), LONG[1]

    context = retrieve(Search(long, short))

    assert [entry.piece.text for entry in context.entries if entry.joins] == ["0a"]


def test_the_block_takes_its_room_from_the_thread():
    context = retrieve(Search(LONG[0]))

    assert context.over == 0
    assert context.tokens <= LIMIT
    assert context.tokens == REPLY + sum(
        entry.weight for entry in context.entries if entry.is_in_array
    )
    assert states(context)["0u"] == "retrieved"


def test_a_find_is_not_listed_as_left_out_as_well():
    context = retrieve(Search(LONG[0]))

    found = [entry.state.value for entry in context.entries if entry.piece is LONG[0]]
    assert found == ["retrieved"]


def test_an_excluded_message_is_not_looked_for():
    thread = [*path("u- secret", "a: 1"), *LONG]

    context = retrieve(Search(thread[0]), pieces=thread)

    assert "secret" not in " ".join(sent(context))


def test_other_chats_are_searched_when_that_is_chosen_even_if_all_of_this_one_fits():
    elsewhere = piece("user", "Sencha.")
    search = Search(elsewhere)

    context = retrieve(search, SHORT, found_everywhere=1, found_messages=3)

    assert search.asked[0][1:] == (3, True)
    assert context.messages[1]["content"] == f"{OPENING}\n\nuser:\nSencha."
    assert len(context.messages) == 2 + len(SHORT)


def test_the_record_of_a_find_holds_its_id_and_hash_and_not_its_text():
    elsewhere = Piece(LONG[0].id, "user", "Sencha.", 2)

    record = retrieve(Search(elsewhere), path("u: Hi"), found_everywhere=1).record()

    entry = record[2]
    assert (entry["message"], entry["joins"], entry["label"]) == (
        str(LONG[0].id),
        True,
        "\n\nuser:\n",
    )
    assert "Sencha." not in str(record)
