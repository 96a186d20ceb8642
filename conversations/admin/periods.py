"""Days that are often asked for, by the site's calendar."""

from datetime import date, timedelta

from conversations.models import Period

PERIODS = {
    "today": "Today",
    "week": "7 days",
    "month": "This month",
    "last_month": "Last month",
    "year": "12 months",
}
MONTHS_OF_YEAR = 12


def days_of(period: str, today: date) -> tuple[date, date]:
    """First and last, of a period that goes up to today."""
    begin = Period.MONTH.begin(today)
    match period:
        case "today":
            return today, today
        case "week":
            return today - timedelta(days=6), today
        case "last_month":
            end = begin - timedelta(days=1)
            return Period.MONTH.begin(end), end
        case "year":
            months = today.year * MONTHS_OF_YEAR + today.month - MONTHS_OF_YEAR
            return date(months // MONTHS_OF_YEAR, months % MONTHS_OF_YEAR + 1, 1), today
    return begin, today
