from .completion import Completion, Purpose
from .conversation import Beginning, Conversation, title_from
from .fields import UsdField, round_usd
from .message import RUNNING, Message, Origin, Role, Standing, Status
from .parameters import Parameters, ResponseFormat
from .preset import Preset
from .price import ModelPrice
from .setup import SetupClaim
from .summary import Summary

__all__ = [
    "RUNNING",
    "Beginning",
    "Completion",
    "Conversation",
    "Message",
    "ModelPrice",
    "Origin",
    "Parameters",
    "Preset",
    "Purpose",
    "ResponseFormat",
    "Role",
    "SetupClaim",
    "Standing",
    "Status",
    "Summary",
    "UsdField",
    "round_usd",
    "title_from",
]
