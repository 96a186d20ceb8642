"""What staff see: what was said, what it cost, what may be spent, how the site is set up.

    review/    conversations, each read whole with flags and notes; the queue; who read what
    ledger/    every call to the API: completions, with filters, search and export
    usage/     the ledger rolled up: by day, user, group, model, purpose; against budgets
    budgets/   how much may be spent and how much is; overrides, their log; alerts
    site/      prices, presets, people, texts; what runs now

What these share: amounts, rights (figures and words), filters, periods, pages that nobody writes
(readonly), a page between an action and what it does (asking), calls in words, exports.

Conversations and the ledger are read here and never written. A message is seen within its
conversation only.
"""

from .budgets.alerts import AlertAdmin
from .budgets.budgets import BudgetAdmin
from .budgets.overrides import BudgetOverrideAdmin
from .ledger.completions import CompletionAdmin
from .review.conversations import ConversationAdmin
from .review.flags import FlagAdmin
from .review.views import TranscriptViewAdmin
from .site.people import PersonAdmin
from .site.presets import PresetAdmin
from .site.prices import ModelPriceAdmin
from .site.running import RunningAnswerAdmin
from .site.text import SiteTextAdmin
from .usage.page import DayUsageAdmin

__all__ = [
    "AlertAdmin",
    "BudgetAdmin",
    "BudgetOverrideAdmin",
    "CompletionAdmin",
    "ConversationAdmin",
    "DayUsageAdmin",
    "FlagAdmin",
    "ModelPriceAdmin",
    "PersonAdmin",
    "PresetAdmin",
    "RunningAnswerAdmin",
    "SiteTextAdmin",
    "TranscriptViewAdmin",
]
