"""The colours of code: the accessible pair a11y-light and a11y-dark, one class per token type."""

from pathlib import Path
from typing import Any

from a11y_pygments.a11y_dark.style import Theme as Dark
from a11y_pygments.a11y_light.style import Theme as Light
from pygments.style import Style
from pygments.token import STANDARD_TYPES, Generic, Text

STYLESHEET = Path(__file__).parents[2] / "static/css/highlight.css"

_Pair = tuple[str, str]


def _colour(style: type[Style], token_type: Any) -> str:
    colour: str | None = style.style_for_token(token_type)["color"]
    return f"#{colour}".lower() if colour else _ordinary(style)


def _ordinary(style: type[Style]) -> str:
    return f"#{style.style_for_token(Text)['color']}".lower()


def _pairs() -> dict[Any, _Pair]:
    """Token types that stand out from ordinary text, with their light and dark colour."""
    ordinary = (_ordinary(Light), _ordinary(Dark))
    pairs = {kind: (_colour(Light, kind), _colour(Dark, kind)) for kind in STANDARD_TYPES}
    return {kind: pair for kind, pair in pairs.items() if pair != ordinary}


# The class of a token type. Types without one look like the text around them.
CLASSES: dict[Any, str] = {
    kind: STANDARD_TYPES[kind] for kind in (*_pairs(), Generic.Emph, Generic.Strong)
}


def stylesheet() -> str:
    classes_of: dict[_Pair, list[str]] = {}
    for kind, pair in _pairs().items():
        classes_of.setdefault(pair, []).append(STANDARD_TYPES[kind])
    rules = [
        f".hl :is({', '.join(f'.{name}' for name in sorted(names))}) "
        f"{{ color: light-dark({light}, {dark}); }}"
        for (light, dark), names in sorted(classes_of.items())
    ]
    return "\n".join(
        [
            "/* Code, in a11y-light and a11y-dark of accessible-pygments.",
            "   Written by conversations.rendering.colours.write_stylesheet; change it there. */",
            *rules,
            ".hl .ge { font-style: italic; }",
            ".hl .gs { font-weight: bold; }",
            "",
        ]
    )


def write_stylesheet() -> None:
    STYLESHEET.write_text(stylesheet())
