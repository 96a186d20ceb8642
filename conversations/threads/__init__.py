"""The thread of a conversation: a path through a tree of messages, and what a person does to it.

    tree       who follows whom, the path to a message
    versions   stepping between versions of a turn, another one by hand
    writing    messages by hand, the system message
    standing   pinned, excluded, deleted
    branching  a conversation of its own out of a thread
    tokens     counted once, kept
    holding    one change at a time, each with its number, none under an answer being written

Nothing sent is ever lost: texts are not rewritten and rows are not removed.
"""

from .branching import branch_off
from .holding import Changed, check_is_there
from .standing import delete, restore, set_standing
from .tokens import token_count, token_counts
from .tree import Tree, path_to, tree
from .versions import rewrite, step_to, switch_to
from .writing import begin, set_system_message, write

__all__ = [
    "Changed",
    "Tree",
    "begin",
    "branch_off",
    "check_is_there",
    "delete",
    "path_to",
    "restore",
    "rewrite",
    "set_standing",
    "set_system_message",
    "step_to",
    "switch_to",
    "token_count",
    "token_counts",
    "tree",
    "write",
]
