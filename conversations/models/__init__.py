from .completion import Completion, Purpose
from .conversation import Conversation, title_from
from .fields import UsdField, round_usd
from .message import RUNNING, Message, Origin, Role, Status
from .price import ModelPrice
from .setup import SetupClaim

__all__ = [
    "RUNNING",
    "Completion",
    "Conversation",
    "Message",
    "ModelPrice",
    "Origin",
    "Purpose",
    "Role",
    "SetupClaim",
    "Status",
    "UsdField",
    "round_usd",
    "title_from",
]
