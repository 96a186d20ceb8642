"""What a page of the admin shows, read out of its HTML."""

import re
from html import unescape

CONVERSATIONS = "/admin/conversations/conversation/"
COMPLETIONS = "/admin/conversations/completion/"
USAGE = "/admin/conversations/dayusage/"
PRICES = "/admin/conversations/modelprice/"
PRESETS = "/admin/conversations/preset/"

_ROW = re.compile(r"<tr>(?:(?!</tr>).)*</tr>", re.S)
_CELL = re.compile(r"<t[hd][^>]* class=\"field-[^>]*>(.*?)</t[hd]>", re.S)
_TAG = re.compile(r"<[^>]*>")


def rows(response) -> list[list[str]]:
    """The cells of a list, as one reads them."""
    body = response.content.decode().partition("<tbody>")[2]
    return [[words(cell) for cell in _CELL.findall(row)] for row in _ROW.findall(body)]


def column(response, index: int) -> list[str]:
    return [row[index] for row in rows(response)]


def words(html: str) -> str:
    return " ".join(unescape(_TAG.sub(" ", html)).split())


def choices(response, title: str) -> list[str]:
    """What a filter offers."""
    html = response.content.decode()
    part = html.partition(f'data-filter-title="{title}"')[2].partition("</details>")[0]
    return [words(item) for item in re.findall(r"<li.*?</li>", part, re.S)]
