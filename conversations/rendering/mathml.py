"""TeX to MathML, so that a browser needs no script for it."""

import re
from functools import lru_cache
from html import escape
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import Converter

from .limits import FORMULA_CHARACTERS, KEPT_FORMULAS

# A macro can double itself thirty times over; a formula that defines one is shown as written.
_DEFINES_MACRO = re.compile(r"\\(?:(?:re)?newcommand|newenvironment|def|DeclareMathOperator)")

# Environments that the converter does not know, and the nearest one it knows.
_NEAREST = {
    **dict.fromkeys(("align", "aligned", "alignat", "alignedat", "eqnarray"), "align*"),
    **dict.fromkeys(("gather", "gathered", "multline"), "matrix"),
    "dcases": "cases",
}
_ENVIRONMENT = re.compile(
    rf"\\(?P<side>begin|end)\s*\{{(?P<name>{'|'.join(_NEAREST)})\*?\}}(?:(?<=at\}})\s*\{{\d+\}})?"
)
_REFERENCE = re.compile(r"&#x([0-9A-Fa-f]{1,6});")


def formula(tex: str, written: str, *, is_display: bool) -> str:
    """MathML, or the formula as it was `written`, delimiters included, where that fails."""
    return _mathml(tex.strip(), is_display) or f"<code>{escape(written, quote=False)}</code>"


@lru_cache(maxsize=KEPT_FORMULAS)
def _mathml(tex: str, is_display: bool) -> str | None:
    if len(tex) > FORMULA_CHARACTERS or _DEFINES_MACRO.search(tex):
        return None
    display = "block" if is_display else "inline"
    try:
        math = Converter(display=display).convert_to_element(_ENVIRONMENT.sub(_nearest, tex))
    except Exception:  # the converter raises what it likes, RecursionError included
        return None
    math.attrib = {"display": "block", "tabindex": "0"} if is_display else {}
    _resolve_references(math)
    return tostring(math, encoding="unicode", short_empty_elements=False)


def _nearest(match: re.Match[str]) -> str:
    return f"\\{match['side']}{{{_NEAREST[match['name']]}}}"


def _resolve_references(math: Element) -> None:
    """The converter writes symbols as references and escapes nothing: make it all plain text."""
    for element in math.iter():
        if element.text:
            element.text = _REFERENCE.sub(_character, element.text)


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    is_printable = 0x20 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    return chr(code) if is_printable else "\N{REPLACEMENT CHARACTER}"
