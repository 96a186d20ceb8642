"""The small parts that text passes through piece by piece, cut at every point."""

import pytest

from conversations.rendering import verbatim
from conversations.rendering.fence import Fence
from conversations.rendering.source import Newlines, complete_lines, normal
from conversations.rendering.unsettled import Unsettled
from conversations.rendering.verbatim import VerbatimPieces

from .reader import deltas, every_character


@pytest.mark.parametrize(
    ("text", "lines"), [("a\r\nb\rc\n\r\r\n\r", "a\nb\nc\n\n\n\n"), ("\r", "\n"), ("", "")]
)
def test_newlines(text, lines):
    assert normal(text) == lines
    for cut in every_character(text):
        newlines = Newlines()
        assert "".join(map(newlines.feed, deltas(text, [cut]))) + newlines.flush() == lines


def test_complete_lines():
    assert complete_lines("a\nb\nc") == "a\nb\n"
    assert complete_lines("a\nb\nc", 3) == "a\n"
    assert complete_lines("a") == ""


FENCES = [
    ("```\n", "a\nb\n```\nc", "a\nb\n", "c"),
    ("```\n", "a\n  ```  \t\nc", "a\n", "c"),
    ("```\n", "a\n    ```\n", "a\n    ```\n", None),
    ("````\n", "a\n```\n`````\n", "a\n```\n", ""),
    ("~~~ x\n", "```\n~~ ~\n~~~\n", "```\n~~ ~\n", ""),
    ("  ```\n", "   a\n  b\n c\n   ```\n", " a\nb\nc\n", ""),
    ("```\n", "``` a\n``\n`\n\n ```\nb\n", "``` a\n``\n`\n\n", "b\n"),
    ("```\n", "```\n", "", ""),
    ("```\n", "\n\na", "\n\na", None),
]


@pytest.mark.parametrize(("opening", "text", "code", "after"), FENCES)
def test_a_fence_gives_its_code_until_it_closes(opening, text, code, after):
    assert Fence(opening, "").feed(text) == (code, after)

    for size in (1, 2, 3):
        fence, shown, left = Fence(opening, ""), "", None
        for delta in deltas(text, range(size, len(text), size)):
            if left is None:
                more, left = fence.feed(delta)
                shown += more
            else:
                left += delta
        assert (shown, left) == (code, after)


@pytest.mark.parametrize("line", ["", " ", "`", "``", "```", "``` ", "  ```"])
def test_a_fence_holds_back_what_may_become_its_closing_line(line):
    fence = Fence("```\n", "")

    assert fence.feed(f"a\n{line}") == ("a\n", None)
    assert fence.feed("x") == (f"{line}x", None)


def test_verbatim_text_is_cut_at_the_same_places_however_it_comes(monkeypatch):
    monkeypatch.setattr(verbatim, "VERBATIM_CHARACTERS", 10)
    text = "one\ntwo\nthree four five six\n\n\nseven"
    expected = ["one\ntwo\n", "three four", " five six\n", "\n\nseven"]

    for size in range(1, len(text)):
        pieces = VerbatimPieces()
        full = [
            piece for d in deltas(text, range(size, len(text), size)) for piece in pieces.feed(d)
        ]
        assert [*full, pieces.flush()] == expected


def test_what_is_not_settled_is_parsed_again_when_it_has_grown_by_a_share():
    unsettled = Unsettled()
    unsettled.add("x" * 320)
    assert unsettled.is_due

    unsettled.restart("x" * 310)
    unsettled.add("x" * 9)
    assert not unsettled.is_due

    unsettled.add("x")
    assert unsettled.is_due
    assert unsettled.text == "x" * 320


def test_a_long_rest_is_parsed_less_often():
    unsettled = Unsettled()
    unsettled.restart("x" * 30_000)
    unsettled.add("x" * 9_999)
    assert not unsettled.is_due

    unsettled.add("x")
    assert unsettled.is_due
