"""What a page shows of a message, and when a frame of it fits (static/js/position.js).

A frame covers the characters `[from, to)` of an answer: it fits where the turn stands at `from`
and was cut by the same source. Else there is a gap to ask about.
"""

import html
import re
import uuid
from dataclasses import dataclass
from typing import Any

from tests.client.words import words_in

RUNNING = ("queued", "streaming")
ARTICLE = re.compile(r'<article class="turn[^>]* data-message-id=.*?</article>', re.DOTALL)


@dataclass
class Turn:
    """`source` is what Copy would give, once it has ended."""

    id: uuid.UUID
    role: str
    status: str
    position: int
    # By whose frames that was shown; another one's fit only from the beginning.
    shown_by: int = 0
    settled: str = ""
    tail: str = ""
    source: str | None = None
    prose: str = ""
    offers: frozenset[str] = frozenset()

    @property
    def is_running(self) -> bool:
        return self.status in RUNNING

    @property
    def words(self) -> list[str]:
        return words_in(self.prose or self.settled + self.tail)

    def fits(self, frame: Any) -> bool:
        if frame.get("whole", False):
            return frame["to"] >= self.position
        is_cut_alike = not self.position or frame["source"] == self.shown_by
        return frame["from"] == self.position and is_cut_alike

    def is_behind(self, mark: Any) -> bool:
        """Behind a frame, or what the server says that a page should have by now."""
        if mark["to"] != self.position:
            return mark["to"] > self.position
        return mark["to"] > 0 and mark["source"] != self.shown_by

    def apply(self, frame: Any) -> None:
        self.settled = ("" if frame.get("whole", False) else self.settled) + frame["settled"]
        if frame["tail"] is not None:
            self.tail = frame["tail"]
        if frame["grown"]:
            self.tail = _grown(self.tail, frame["grown"])
        self.position, self.shown_by = frame["to"], frame["source"]
        if frame["to"]:
            self.status = "streaming"


def turns_in(page: str) -> list[Turn]:
    return [_turn(article) for article in ARTICLE.findall(page)]


def _turn(article: str) -> Turn:
    head = article.partition(">")[0]
    found = dict(re.findall(r'data-([\w-]+)="([^"]*)"', head))
    turn = Turn(
        uuid.UUID(found["message-id"]),
        found["role"],
        found["status"],
        int(found["position"]),
        int(found.get("shown-source", 0)),
    )
    if turn.role != "assistant":
        return turn
    if turn.is_running:
        parts = rf'id="settled-{turn.id}">(.*?)</div><div class="tail" id="tail-{turn.id}">(.*?)</div></div>'
        turn.settled, turn.tail = _found(parts, article)
    else:
        parts = r'<div class="prose">(.*?)</div>\s*<template data-source>(.*?)</template>'
        turn.prose, source = _found(parts, article)
        turn.source = html.unescape(source)
        turn.offers = frozenset(re.findall(r'id="(continue|retry)-', article))
    return turn


def _found(pattern: str, article: str) -> tuple[str, str]:
    found = re.search(pattern, article, re.DOTALL)
    assert found, f"not as the page expects it: {article}"
    return found[1], found[2]


def _grown(tail: str, text: str) -> str:
    """Text at the end of the last element that grows."""
    before, mark, after = tail.rpartition("data-growing")
    if not mark:
        return tail + text
    opened, bracket, rest = after.partition(">")
    inside, end, behind = rest.partition("</")
    return f"{before}{mark}{opened}{bracket}{inside}{text}{end}{behind}"
