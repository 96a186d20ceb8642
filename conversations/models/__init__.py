from .completion import Completion, Purpose
from .conversation import Beginning, Conversation, title_from
from .fields import UsdField, round_usd
from .gate import Allowance, Gate, ProviderLimit
from .message import RUNNING, Message, Origin, Role, Standing, Status
from .parameters import Parameters, ResponseFormat
from .preset import Preset
from .price import ModelPrice
from .running import RunningAnswer
from .setup import SetupClaim
from .summary import Summary

__all__ = [
    "RUNNING",
    "Allowance",
    "Beginning",
    "Completion",
    "Conversation",
    "Gate",
    "Message",
    "ModelPrice",
    "Origin",
    "Parameters",
    "Preset",
    "ProviderLimit",
    "Purpose",
    "ResponseFormat",
    "Role",
    "RunningAnswer",
    "SetupClaim",
    "Standing",
    "Status",
    "Summary",
    "UsdField",
    "round_usd",
    "title_from",
]
