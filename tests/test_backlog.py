import pytest

from conversations.backlog import BYTES, PACKETS, Backlog


def sizes_sent(*sizes):
    backlog = Backlog()
    return backlog, [size for size in sizes if backlog.has_room(size)]


@pytest.mark.parametrize(
    ("sizes", "sent"),
    [
        ([1] * (PACKETS + 2), PACKETS),
        ([BYTES], 1),
        ([BYTES + 1], 0),
        ([BYTES - 1, 1, 1], 2),
        ([BYTES - 1, 2, 1], 1),
    ],
    ids=["packets", "bytes", "one too large", "just full", "nothing after what did not fit"],
)
def test_so_much_is_sent_and_then_nothing_more(sizes, sent):
    backlog, found = sizes_sent(*sizes)

    assert (found, backlog.is_behind) == (sizes[:sent], sent < len(sizes))
    assert not backlog.has_missed


def test_after_something_that_was_missed_nothing_is_sent():
    backlog = Backlog()

    backlog.miss()

    assert (backlog.is_behind, backlog.has_missed) == (True, True)
    assert not backlog.has_room(1)
