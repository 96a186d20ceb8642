from .alert import Alert, AlertKind
from .budget import Budget, BudgetOverride, Period, Scope
from .completion import Completion, Purpose
from .conversation import Beginning, Conversation, title_from
from .fields import UsdField, round_usd
from .gate import Allowance, Gate, ProviderLimit
from .message import RUNNING, Message, Origin, Role, Standing, Status
from .parameters import Parameters, ResponseFormat
from .preset import Preset
from .price import ModelPrice
from .review import Flag, FlagReason, Look, Note, TranscriptView
from .running import RunningAnswer
from .setup import SetupClaim
from .site_text import REVIEW_NOTICE, SiteText
from .spending import Reservation, Spending
from .summary import Summary
from .usage import DayUsage

__all__ = [
    "REVIEW_NOTICE",
    "RUNNING",
    "Alert",
    "AlertKind",
    "Allowance",
    "Beginning",
    "Budget",
    "BudgetOverride",
    "Completion",
    "Conversation",
    "DayUsage",
    "Flag",
    "FlagReason",
    "Gate",
    "Look",
    "Message",
    "ModelPrice",
    "Note",
    "Origin",
    "Parameters",
    "Period",
    "Preset",
    "ProviderLimit",
    "Purpose",
    "Reservation",
    "ResponseFormat",
    "Role",
    "RunningAnswer",
    "Scope",
    "SetupClaim",
    "SiteText",
    "Spending",
    "Standing",
    "Status",
    "Summary",
    "TranscriptView",
    "UsdField",
    "round_usd",
    "title_from",
]
