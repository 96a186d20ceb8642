"""How much of their money somebody has spent: the line at the foot of the sidebar."""

from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User

from conversations import accounting
from conversations.models import Period, Spending

WHEN = {Period.DAY: "Today", Period.MONTH: "This month"}


@dataclass(frozen=True)
class OwnMeter:
    """Amounts in USD. Without a budget of one's own there is no `limit`, and nothing `used` of it."""

    when: str
    spent: Decimal
    reserved: Decimal
    limit: Decimal | None = None
    used: int = 0  # whole per cents, more than 100 past the limit
    state: str = ""

    @property
    def percent(self) -> int:
        return min(self.used, 100)

    @property
    def share_in_words(self) -> str:
        """Of a budget shared with others, whose amounts are not shown."""
        if not self.spent:
            return "nothing"
        return f"{self.used:,} %" if self.used else "less than 1 %"


def meter_of(user: User) -> OwnMeter:
    """By the budget of their own with the least left; theirs alone, nobody else's spending."""
    account = accounting.account_of(user.pk)
    own = next((meter for meter in accounting.meters_of(account) if meter.is_own), None)
    if own:
        return metered(own)
    begins = Period.MONTH.begin(account.day)
    month = Spending.objects.filter(user=user, period=Period.MONTH, begins=begins).first()
    row = month or Spending()
    return OwnMeter(WHEN[Period.MONTH], row.spent, row.reserved)


def metered(meter: accounting.Meter) -> OwnMeter:
    state = "reached" if meter.is_reached else "near" if meter.is_near else ""
    return OwnMeter(
        WHEN[Period(meter.budget.period)],
        meter.spent,
        meter.reserved,
        meter.limit,
        meter.percent,
        state,
    )
