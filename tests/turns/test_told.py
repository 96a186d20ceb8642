from conversations.turns.sharing.told import Told


def test_a_change_is_told_once():
    told = Told()
    told.begin(4)

    assert [told.note(5), told.note(5), told.note(4)] == [True, False, False]


def test_what_has_no_number_is_always_told():
    told = Told()
    told.begin(4)

    assert [told.note(0), told.note(0)] == [True, True]
    assert told.all_to == 4


def test_a_change_that_nobody_told_is_missed():
    told = Told()
    told.begin(4)

    told.note(6)

    assert [told.knows(number) for number in (4, 5, 6)] == [True, False, False]


def test_hints_may_come_in_any_order():
    told = Told()
    told.begin(4)

    told.note(6)
    told.note(5)

    assert told.knows(6)


def test_what_was_told_before_the_database_was_asked_counts():
    told = Told()

    told.note(5)
    told.begin(4)

    assert told.all_to == 5


def test_only_the_first_reader_begins():
    told = Told()

    told.begin(4)
    told.begin(9)

    assert told.all_to == 4


def test_whoever_reads_everything_again_has_missed_nothing():
    told = Told()
    told.begin(4)
    told.note(8)

    told.settle(7)

    assert told.all_to == 8
    assert not told.note(6)


def test_settling_never_goes_back():
    told = Told()
    told.begin(9)

    told.settle(5)

    assert told.all_to == 9
