"""What the tests of streams send, and how they look: at the live page, a fresh one, the row.

The live page must read as a fresh load of it does, and that as the row in the database, byte for
byte once the browser has written it out. All texts are cut into deltas between UTF-16 units, so
that surrogate pairs come apart as they do on the wire.
"""

import random
import re
import sqlite3
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from playwright.sync_api import Error, Page

from tests.patience import PATIENCE
from tests.site import Site
from tests.upstream_server import Gate, content, done, finish, reasoning, role_chunk

# Seconds that a page may take to have the text again. The figures that count are printed.
BOUND = PATIENCE

CODE = (
    "Run this:\n\n```python\ndef tea(cups: int) -> str:\n    '''Brew <b>it</b> & pour.'''\n"
    '    return f"{cups} of 🍵"\n\n\nprint(tea(2))\n```\n\nand then\n\n~~~html\n<!-- a note -->\n'
    '<p class="x">&amp;</p>\n~~~\n\n1. In a list:\n\n   ```sh\n   echo "$HOME"\n   ```\n2. Done.\n\n'
    "    indented = True\n\nand `inline <code>`.\n\n```js\nconst left = 'open'\n"
)
TABLES = (
    "| Tea | Price | Notes |\n|:----|------:|:-----:|\n| Sencha | $4.20 | **fresh** |\n"
    "| Assam | $3 | `a \\| b` |\n| 🍵 | — | <i>no</i> |\n\nA line.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
)
MATHS = (
    "Euler: $e^{i\\pi} + 1 = 0$, and \\(a^2 + b^2\\).\n\n$$\n\\int_0^1 x^2 \\, dx = \\frac{1}{3}\n$$\n\n"
    "\\[\n\\sum_{n=1}^{\\infty} \\frac{1}{n^2}\n\\]\n\nIt costs $5 and $6. Broken: $\\frac{1$.\n"
)
LISTS = (
    "# Lists\n\n- one\n- two\n  - deeper\n    1. deepest\n    2. *really*\n\n  a paragraph\n- [ ] open\n"
    "- [x] done\n\n1. first\n\n2. loose\n\n> quoted\n> - inside\nlazy\n\n---\n\nSetext\n------\n\n* a\n+ b\n"
)
SCRIPTS = (
    "👩\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 \U0001d518\U0001d52b, e\u0301, 漢字 𠮷.\n\nאבגד **הזח** טיכ (123) `code` למ.\n\n"
    "<script>alert('no')</script> & &amp; &lt;b&gt; <img src=x onerror=alert(1)>\n\n"
    "[late] is a link, \x07 and \u2028 are not.\n\nA\r\nB\tC\u00a0D\n\n[late]: https://example.org/?a=1&b=2\n"
)
LONG_LINES = f"{'x' * 12_000} {'🍵' * 3_000}\n\n`{'y' * 4_000}`\n\n{'word ' * 4_000}\n"

TEXTS = {
    "code": CODE,
    "tables": TABLES,
    "maths": MATHS,
    "lists": LISTS,
    "scripts": SCRIPTS,
    "long lines": LONG_LINES,
}
EVERYTHING = "\n\n".join((LISTS, TABLES, MATHS, SCRIPTS, CODE))
# 300 KB; most of its HTML is the colours of code.
BIG = "".join(
    f"## Part {number}\n\n{LISTS}\n{TABLES}\n{MATHS}\n{CODE}```\n\n{SCRIPTS}\n"
    for number in range(280)
)
THOUGHTS = "First, water 🍵. Then <b>leaves</b>.\n\nאבגד\n" * 8


def pieces(text: str, seed: int = 1, longest: int = 40) -> Iterator[str]:
    """The text in deltas of 1 to `longest` UTF-16 units."""
    units = text.encode("utf-16-le")
    luck, at = random.Random(seed), 0
    while at < len(units):
        size = 2 * luck.randint(1, longest)
        yield units[at : at + size].decode("utf-16-le", "surrogatepass")
        at += size


def parts(text: str, number: int) -> list[str]:
    """The text in so many parts of about the same length."""
    size = -(-len(text) // number)
    return [text[at : at + size] for at in range(0, len(text), size)]


def gated(text: str, gates: Sequence[Gate], thoughts: str = "", longest: int = 40) -> list[Any]:
    """A script: a part of the text before each gate and one after the last."""
    steps: list[Any] = [role_chunk(), *(reasoning(one) for one in pieces(thoughts))]
    for number, part in enumerate(parts(text, len(gates) + 1)):
        steps += [content(one) for one in pieces(part, number, longest)]
        steps += gates[number : number + 1]
    return [*steps, finish("stop"), done()]


def so_far(text: str, gates: Sequence[Gate], number: int) -> str:
    """What has been said before the gate of this number."""
    return "".join(parts(text, len(gates) + 1)[: number + 1])


# --- the page ---------------------------------------------------------------------------------

LOOK = """() => {
  if (document.readyState === 'loading') return {status: 'none', position: 0}
  const turn = [...document.querySelectorAll('article[data-role=assistant]')].at(-1)
  if (!turn?.dataset.messageId) return {status: 'none', position: 0}
  const prose = turn.querySelector('.prose').cloneNode(true)
  for (const part of prose.querySelectorAll(':scope > :is(.settled, .tail)')) part.replaceWith(...part.childNodes)
  return {
    id: turn.dataset.messageId, status: turn.dataset.status, position: Number(turn.dataset.position),
    html: prose.innerHTML, reasoning: turn.querySelector('.reasoning__text')?.textContent ?? '',
  }
}"""


def look(page: Page) -> dict[str, Any]:
    """The newest answer as this page has it."""
    try:
        found: dict[str, Any] = page.evaluate(LOOK)
    except Error as error:
        # A page that is just being left.
        if "context was destroyed" not in str(error):
            raise
        return {}
    return found


def wait_for(page: Page, what: str, **expected: object) -> float:
    """Until the page's newest answer is so; the seconds it took are returned and printed."""
    began = time.monotonic()
    while True:
        seen = look(page)
        took = time.monotonic() - began
        if all(seen.get(name) == value for name, value in expected.items()):
            sys.stdout.write(f"{what}: {took:.2f} s\n")
            return took
        assert took < BOUND, f"{what}: {expected} did not come, the page has {seen}"
        page.wait_for_timeout(100)


def wait_for_text(page: Page, text: str, what: str = "text so far") -> float:
    """Until the page stands exactly at the end of this text."""
    return wait_for(page, what, position=len(text))


def wait_for_end(page: Page, what: str = "the end", status: str = "complete") -> float:
    return wait_for(page, what, status=status)


def fresh_look(page: Page) -> dict[str, Any]:
    """The same conversation as a tab shows it that has just been opened and hears of nothing."""
    fresh = page.context.new_page()
    fresh.route_web_socket("**/ws/**", lambda socket: socket.close(code=4404))
    fresh.goto(page.url)
    seen = look(fresh)
    fresh.close()
    return seen


def same(left: str, right: str) -> None:
    """Equality without pytest's own comparison, which takes minutes for long texts."""
    if left == right:
        return
    at = next((n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), -1)
    at = at if at >= 0 else min(len(left), len(right))
    near = slice(max(0, at - 60), at + 60)
    raise AssertionError(f"differ at {at}:\n{left[near]!r}\n{right[near]!r}")


def assert_shows_so_far(page: Page) -> None:
    """The page reads as a fresh load of it does at this moment."""
    seen, fresh = look(page), fresh_look(page)
    assert seen["position"] == fresh["position"]
    same(seen["html"], fresh["html"])
    same(seen["reasoning"], fresh["reasoning"])


def assert_is_stored(page: Page, site: Site, text: str, thoughts: str = "") -> None:
    """The page, a fresh load of it, and the row all say the same."""
    seen, fresh = look(page), fresh_look(page)
    status, stored, html, reasoning_stored = row(site, seen["id"])
    same(stored, text)
    same(reasoning_stored, thoughts)
    same(fresh["html"], as_written_out(page, html))
    same(seen["html"], fresh["html"])
    same(seen["reasoning"], reasoning_stored)
    assert (seen["status"], seen["position"]) == (status, len(text))


def as_written_out(page: Page, html: str) -> str:
    """HTML as a browser writes it out again."""
    written: str = page.evaluate(
        "html => { const box = document.createElement('template');"
        " box.innerHTML = html; return box.innerHTML }",
        html,
    )
    return written


# --- the row ----------------------------------------------------------------------------------


def row(site: Site, message: str) -> tuple[str, str, str, str]:
    """Status, text, HTML and reasoning of a message."""
    query = "select status, text, html, reasoning from conversations_message where id = %s"
    if address := site.environment.get("DATABASE_URL"):
        with psycopg.connect(address) as database:
            found = database.execute(query, [uuid.UUID(message)]).fetchone()
    else:
        with sqlite3.connect(site.folder / "chatsite.sqlite3") as database:
            plain = re.sub("%s", "?", query)
            found = database.execute(plain, [uuid.UUID(message).hex]).fetchone()
    assert found is not None
    return found
