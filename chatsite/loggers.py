"""Which part of the site says how much in the log. How a line is written is `chatsite.logs`."""


def configuration(form: str) -> dict[str, object]:
    """For Python's `logging.config`; the form is "line" or "json"."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": "chatsite.logs.LineFormatter"},
            "json": {"()": "chatsite.logs.JsonFormatter"},
        },
        "filters": {"seldom": {"()": "chatsite.logs.SeldomAway"}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": form,
                "filters": ["seldom"],
            }
        },
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {name: {"level": level} for name, level in LEVELS.items()},
    }


LEVELS = {
    "conversations": "INFO",
    # The request line of every 4xx says nothing that the answer does not.
    "django.request": "ERROR",
    # The person is told; a traceback of Django's own would add nothing.
    "django.security.RequestDataTooBig": "CRITICAL",
    "daphne.http_protocol": "ERROR",
    # A traceback a second while Redis is away; conversations.turns.sharing.others says it once.
    "channels_redis": "CRITICAL",
    # While the database is away, several lines a second; who meets it says so.
    "psycopg.pool": "ERROR",
}
