"""Money: what a call costs, what may be spent, what was, and that all of it adds up.

pricing     tokens times dated rates, exactly
accounts    whose spending a call counts in, and when
budgets     how much of it there may be: limits, what is spent, what is left
reserving   the worst case of a call, held back before it is made
booking     what it cost, moved into every total when it has ended
survey      the same of all budgets at once, for whoever sets them
overrides   more of a budget for the period that runs, by whom and why
alerts      what staff should know of budgets and unusual use, noted once
mailing     alerts by e-mail, each once
audit       every total against the ledger
"""

from .accounts import Account, account_of
from .alerts import note_refused, note_spent
from .audit import audit
from .booking import book
from .budgets import Meter, meters_of
from .mailing import is_address, mail_due
from .overrides import allow_more, allowed_now
from .pricing import (
    MOST_OF_A_CALL,
    NOTHING,
    Rates,
    answer_cost,
    cost,
    input_cost,
    most_completion_tokens,
    price_of,
    price_on,
    rates,
    usage_of,
    worst_case,
)
from .reserving import attach, check, hold, release, release_orphans, reserve
from .survey import Crowd, crowd_of, meter_of, meters_now, people_of

__all__ = [
    "MOST_OF_A_CALL",
    "NOTHING",
    "Account",
    "Crowd",
    "Meter",
    "Rates",
    "account_of",
    "allow_more",
    "allowed_now",
    "answer_cost",
    "attach",
    "audit",
    "book",
    "check",
    "cost",
    "crowd_of",
    "hold",
    "input_cost",
    "is_address",
    "mail_due",
    "meter_of",
    "meters_now",
    "meters_of",
    "most_completion_tokens",
    "note_refused",
    "note_spent",
    "people_of",
    "price_of",
    "price_on",
    "rates",
    "release",
    "release_orphans",
    "reserve",
    "usage_of",
    "worst_case",
]
