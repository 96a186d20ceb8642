"""What HTML may leave this room, in one place, and the sanitiser that sees to it, last of all.

No `style`, no `id`, no `src`, no event handler is on the list. Classes and fixed values are
listed one by one, so that nothing a model writes can dress up as part of the page.
"""

import nh3

from .colours import CLASSES

_TEXT = "a blockquote br code del em hr h3 h4 h5 h6 input li ol p pre s span strong ul"
_FIGURES = "button div figcaption figure table tbody td th thead tr"
_MATHS = (
    "math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow "
    "mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none"
)
TAGS = frozenset(f"{_TEXT} {_FIGURES} {_MATHS}".split())

URL_SCHEMES = frozenset({"http", "https", "mailto"})
LINK_REL = "noopener noreferrer nofollow"

_OPERATORS = "accent fence form lspace maxsize minsize movablelimits rspace separator stretchy"

# Attributes with any value.
ATTRIBUTES = {
    "a": frozenset({"href", "title"}),
    "span": frozenset({"title"}),
    "div": frozenset({"aria-label"}),
    "pre": frozenset({"aria-label"}),
    "input": frozenset({"aria-label"}),
    "ol": frozenset({"start"}),
    "td": frozenset({"colspan"}),
    "mfrac": frozenset({"linethickness"}),
    "mo": frozenset(_OPERATORS.split()),
    "mover": frozenset({"accent"}),
    "mstyle": frozenset({"displaystyle", "scriptlevel"}),
    "mtable": frozenset({"columnlines", "columnspacing", "displaystyle", "rowlines", "rowspacing"}),
    "mtd": frozenset({"columnalign"}),
    "munder": frozenset({"accentunder"}),
    "menclose": frozenset({"notation"}),
    "mi": frozenset({"mathvariant"}),
    "mn": frozenset({"mathvariant"}),
    "mtext": frozenset({"mathvariant"}),
}

_SPACES = "0.167em 0.222em 0.278em 0.333em 0.5em 1em 2em -0.167em"
_EMPTY = frozenset({""})

# Attributes with these values only.
VALUES = {
    "a": {"target": frozenset({"_blank"})},
    "button": {
        "type": frozenset({"button"}),
        "data-copy-code": _EMPTY,
        "aria-label": frozenset({"Copy code"}),
    },
    "code": {"data-growing": _EMPTY},
    "div": {"role": frozenset({"group"}), "tabindex": frozenset({"0"})},
    "input": {"type": frozenset({"checkbox"}), "checked": _EMPTY, "disabled": _EMPTY},
    "math": {"display": frozenset({"block"}), "tabindex": frozenset({"0"})},
    "mspace": {"width": frozenset(_SPACES.split()), "linebreak": frozenset({"newline"})},
    "mpadded": {name: frozenset({"0", "0px"}) for name in ("width", "height", "depth")},
    "p": {"data-growing": _EMPTY},
    "pre": {"role": frozenset({"group"}), "tabindex": frozenset({"0"})},
    "span": {"data-growing": _EMPTY},
    "th": {"scope": frozenset({"col"})},
}

CSS_CLASSES = {
    "a": frozenset({"image-link"}),
    "code": frozenset({"hl"}),
    "div": frozenset({"scroll"}),
    "figure": frozenset({"code"}),
    "li": frozenset({"task-list-item"}),
    "ol": frozenset({"contains-task-list"}),
    "pre": frozenset({"verbatim"}),
    "span": frozenset(CLASSES.values()) | {"image-link"},
    "td": frozenset({"n", "center"}),
    "th": frozenset({"n", "center"}),
    "ul": frozenset({"contains-task-list"}),
}

_CLEANER = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    tag_attribute_values=VALUES,
    allowed_classes=CSS_CLASSES,
    url_schemes=URL_SCHEMES,
    url_relative="deny",
    link_rel=LINK_REL,
)


def sanitised(html: str) -> str:
    return _CLEANER.clean(html)
