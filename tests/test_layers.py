"""The import table: every module of a floor may import lower floors only, and no sibling.

To change the architecture, change FLOORS.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# From the ground up. Rooms on one line know nothing of each other; a name stands for a module
# or for a folder with all that is in it.
FLOORS = [
    ["chatsite.environment", "chatsite.secret_files", "chatsite.loggers"],
    ["chatsite.address", "chatsite.databases", "chatsite.layers"],
    ["conversations.errors", "conversations.text", "conversations.metrics", "conversations.charts"],
    ["conversations.tokens", "conversations.json_mode"],
    ["conversations.rendering", "conversations.upstream"],
    ["conversations.models"],
    [
        "conversations.threads",
        "conversations.context",
        "conversations.accounting",
        "conversations.line",
        "conversations.search",
        "conversations.first_account",
    ],
    ["conversations.turns"],
    [
        "conversations.transcript",
        "conversations.seen",
        "conversations.presets",
        "conversations.usage",
    ],
    ["conversations.review"],
    ["conversations.wire", "conversations.backlog", "conversations.sessions"],
    ["conversations.forms", "conversations.checks", "conversations.templatetags"],
    [
        "conversations.views",
        "conversations.consumers",
        "conversations.admin",
        "conversations.management",
    ],
    ["conversations.urls", "conversations.routing", "conversations.apps"],
    ["chatsite"],
]

# Only this room may import these vendors.
VENDORS = {
    "openai": "conversations.upstream",
    "httpx2": "conversations.upstream",
    "nh3": "conversations.rendering",
    "markdown_it": "conversations.rendering",
    "pygments": "conversations.rendering",
    "tiktoken": "conversations.tokens",
    "jsonschema": "conversations.json_mode",
    "prometheus_client": "conversations.metrics",
    "pythonjsonlogger": "chatsite.logs",
    "dj_database_url": "chatsite.databases",
    "autobahn": "conversations.consumers",
}


def modules() -> Iterator[tuple[str, Path]]:
    for package in ("chatsite", "conversations"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                yield name.removesuffix(".__init__"), path


def room_of(module: str) -> tuple[int, str] | None:
    """Floor and room of a module; the longest name that fits."""
    fitting = [
        (len(room), floor, room)
        for floor, rooms in enumerate(FLOORS)
        for room in rooms
        if module == room or module.startswith(f"{room}.")
    ]
    return max(fitting)[1:] if fitting else None


def imports_of(name: str, path: Path) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join(parts) if node.level else ""
            source = ".".join(filter(None, [base, node.module]))
            yield from (f"{source}.{alias.name}" for alias in node.names)


MODULES = dict(modules())


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_downward(name):
    if name in {"conversations", "chatsite"}:
        return
    here = room_of(name)
    assert here is not None, f"{name} stands on no floor; add it to FLOORS"

    upward = []
    for imported in imports_of(name, MODULES[name]):
        there = room_of(imported)
        if there and there[1] != here[1] and there[0] >= here[0]:
            upward.append(imported)

    assert upward == []


@pytest.mark.parametrize("name", MODULES)
def test_a_vendor_is_known_to_one_room(name):
    foreign = [
        imported
        for imported in imports_of(name, MODULES[name])
        for vendor, room in VENDORS.items()
        if imported.split(".")[0] == vendor and not f"{name}.".startswith(f"{room}.")
    ]

    assert foreign == []


def test_safe_html_is_declared_in_one_place():
    calls = [
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "mark_safe"
    ]

    assert calls == ["conversations.transcript.turns"]
