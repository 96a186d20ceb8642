"""All settings, in one place. What a deployment may change comes from the environment."""

import ipaddress
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import dj_database_url
from django.core.management.utils import get_random_secret_key

from chatsite.environment import flag, is_url, number, problems, text
from chatsite.secret_files import kept_secret

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.path.realpath(os.path.expanduser(text("DATA_DIR", str(BASE_DIR / "data")))))
STATIC_ROOT = DATA_DIR / "static"
# Why the folder cannot be used; `manage.py check` says it.
DATA_DIR_PROBLEM = ""
try:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)
except OSError as error:
    DATA_DIR_PROBLEM = error.strerror or str(error)

# --- where the site is reached ------------------------------------------------------------


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


HOST = text("HOST", "127.0.0.1")
PUBLIC_URL = text("PUBLIC_URL").rstrip("/").lower()
DEBUG = flag("DEBUG")

# Exposed: somebody else than the person at this machine may reach the site.
EXPOSED = bool(PUBLIC_URL) or not _is_loopback(HOST)

if PUBLIC_URL and not (
    is_url(PUBLIC_URL, "http", "https") and re.fullmatch(r"\w+://[^/?#@\s]+", PUBLIC_URL)
):
    problems.append(
        f"PUBLIC_URL must be like https://chat.example.org, not {text('PUBLIC_URL')!r}."
    )
    PUBLIC_URL = ""
_public = urlsplit(PUBLIC_URL)

LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
if PUBLIC_URL:
    ALLOWED_HOSTS = [_public.hostname or "", *LOCAL_HOSTS]
elif EXPOSED and HOST in {"0.0.0.0", "::", "[::]"}:  # noqa: S104 - compared, not bound
    # Any of the machine's names; sockets are held to their own origin (chatsite/sockets.py).
    ALLOWED_HOSTS = ["*"]
else:
    ALLOWED_HOSTS = [HOST, *LOCAL_HOSTS]

if PUBLIC_URL:
    CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
    USE_X_FORWARDED_HOST = False
if _public.scheme == "https":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# --- secrets ------------------------------------------------------------------------------

SECRET_KEY = text("SECRET_KEY")
if not SECRET_KEY:
    try:
        SECRET_KEY = kept_secret(DATA_DIR / "secret-key", get_random_secret_key)
    except OSError as error:
        # For as long as it takes to say so.
        SECRET_KEY = get_random_secret_key()
        DATA_DIR_PROBLEM = DATA_DIR_PROBLEM or f"secret-key: {error.strerror}"

# --- the app ------------------------------------------------------------------------------

INSTALLED_APPS = [
    "daphne",
    "conversations",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "chatsite.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "chatsite.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "chatsite.urls"
ASGI_APPLICATION = "chatsite.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "chatsite.context_processors.site",
            ],
        },
    },
]

# The policy of every page, the admin included. Everything comes from this origin; nothing inline.
CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "manifest-src": "'self'",
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "chatsite.middleware.csrf_failure"

# --- database and channel layer -----------------------------------------------------------

DATABASE_URL = text("DATABASE_URL")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _database() -> dict[str, object]:
    if not DATABASE_URL:
        return _sqlite(DATA_DIR / "chatsite.sqlite3")
    try:
        database: dict[str, Any] = dict(dj_database_url.parse(DATABASE_URL))
    except (ValueError, KeyError):
        database = {"ENGINE": ""}
    match database:
        case {"ENGINE": "django.db.backends.sqlite3", "NAME": name}:
            return _sqlite(Path(str(name)))
        case {"ENGINE": "django.db.backends.postgresql"}:
            return _postgresql(database)
    # The value may hold a password, so it is not repeated.
    problems.append(
        "DATABASE_URL must be like postgres://user:password@host:5432/name or sqlite:////a/file."
    )
    return _sqlite(DATA_DIR / "chatsite.sqlite3")


def _postgresql(database: dict[str, Any]) -> dict[str, object]:
    # A pool, since reconnecting costs ten times a query; the pool's default is 4 connections.
    pool = {"min_size": 2, "max_size": 20, "timeout": 10}
    return {**database, "OPTIONS": {**database.get("OPTIONS", {}), "pool": pool}}


def _sqlite(path: Path) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # IMMEDIATE: two read-modify-writes at once wait for each other instead of failing.
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
        # Runners and sockets have threads of their own; an in-memory database is one thread's.
        "TEST": {"NAME": DATA_DIR / f"test-{os.getpid()}.sqlite3"},
    }


DATABASES = {"default": _database()}

REDIS_URL = text("REDIS_URL")
if REDIS_URL and not (is_url(REDIS_URL, "redis", "rediss") or REDIS_URL.startswith("unix://")):
    problems.append("REDIS_URL must be like redis://host:6379/0.")
CHANNEL_LAYERS: dict[str, dict[str, object]] = {
    "default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
if REDIS_URL:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}]},
    }

# One process alone may end the answers that a crash left behind as soon as it starts.
SINGLE_PROCESS = not REDIS_URL and str(DATABASES["default"]["ENGINE"]).endswith("sqlite3")

# --- accounts -----------------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "new_chat"
LOGOUT_REDIRECT_URL = "login"
SETUP_CODE_FILE = DATA_DIR / "setup-code"

# --- language, time, files ----------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = text("TIME_ZONE", "UTC")
try:
    ZoneInfo(TIME_ZONE)
except (KeyError, ValueError, OSError):
    problems.append(f"TIME_ZONE must be like Europe/Berlin, not {TIME_ZONE!r}.")
    TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # In the working copy as they are; otherwise as `manage.py prepare` has collected them.
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "chatsite.static.HashedStaticFiles"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

# --- the model behind the chat ------------------------------------------------------------

OPENAI_API_KEY = text("OPENAI_API_KEY")
OPENAI_BASE_URL = text("OPENAI_BASE_URL")
if OPENAI_BASE_URL and not is_url(OPENAI_BASE_URL, "http", "https"):
    problems.append("OPENAI_BASE_URL must be like https://api.example.org/v1.")

# Without key and address the site answers by itself, and says so on every page.
DEMO_MODE = not (OPENAI_API_KEY or OPENAI_BASE_URL)
DEMO_MODEL = "demo"
DEMO_TOKENS_PER_SECOND = number("DEMO_TOKENS_PER_SECOND", 30, least=1)
DEFAULT_MODEL = DEMO_MODEL if DEMO_MODE else text("DEFAULT_MODEL", "gpt-5-mini")

# Which name the limit is sent under: "max_tokens" is what older servers know,
# "max_completion_tokens" what OpenAI's reasoning models insist on, "auto" decides by both.
MAX_TOKENS_PARAMETER = text("MAX_TOKENS_PARAMETER", "auto")
if MAX_TOKENS_PARAMETER not in {"auto", "max_tokens", "max_completion_tokens"}:
    problems.append(
        "MAX_TOKENS_PARAMETER must be auto, max_tokens or max_completion_tokens, "
        f"not {MAX_TOKENS_PARAMETER!r}."
    )
    MAX_TOKENS_PARAMETER = "auto"

# Time limits of one call, in seconds.
UPSTREAM_CONNECT_SECONDS = number("UPSTREAM_CONNECT_SECONDS", 10, least=0.1)
UPSTREAM_FIRST_TOKEN_SECONDS = number("UPSTREAM_FIRST_TOKEN_SECONDS", 120, least=0.1)
UPSTREAM_SILENCE_SECONDS = number("UPSTREAM_SILENCE_SECONDS", 60, least=0.1)
UPSTREAM_TOTAL_SECONDS = number("UPSTREAM_TOTAL_SECONDS", 1800, least=0.1)

# --- a turn -------------------------------------------------------------------------------

# Tokens an answer may take when the conversation names no limit; never more than a quarter of
# the model's window, nor than the model's own maximum output.
DEFAULT_MAX_TOKENS = int(number("DEFAULT_MAX_TOKENS", 4096, least=1))
# Context window, in tokens, of a model without a price row.
DEFAULT_CONTEXT_WINDOW = int(number("DEFAULT_CONTEXT_WINDOW", 128_000, least=256))
# Characters of one message, and of a system message.
MAX_MESSAGE_LENGTH = int(number("MAX_MESSAGE_LENGTH", 1_000_000, least=1))
# Characters of one answer; past it the call is closed and the answer ends as cut off.
MAX_ANSWER_LENGTH = int(number("MAX_ANSWER_LENGTH", 4_000_000, least=1))
# Answers that one process runs at once.
MAX_RUNNING_ANSWERS = int(number("MAX_RUNNING_ANSWERS", 500, least=1))

BEAT_SECONDS = number("BEAT_SECONDS", 3, least=0.05)
# An answer whose beat is older may be ended as interrupted by whoever notices.
TAKEOVER_SECONDS = number("TAKEOVER_SECONDS", 15, least=0.2)
# Partial text is stored at most this often.
FLUSH_SECONDS = number("FLUSH_SECONDS", 0.5, least=0.01)
# Frames go to the page at most this often per answer.
FRAME_SECONDS = number("FRAME_SECONDS", 0.05, least=0.01)
# How long a process that is told to stop waits for its answers to be stored.
SHUTDOWN_SECONDS = number("SHUTDOWN_SECONDS", 8, least=0.1)

DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * MAX_MESSAGE_LENGTH + 100_000

# --- log ----------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "conversations": {"level": "INFO"},
        # The request line of every 4xx says nothing that the answer does not.
        "django.request": {"level": "ERROR"},
        # The person is told; a traceback of Django's own would add nothing.
        "django.security.RequestDataTooBig": {"level": "CRITICAL"},
        "daphne.http_protocol": {"level": "ERROR"},
    },
}

os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(DATA_DIR / "tiktoken"))

# What could not be read above; `manage.py check` says it.
PROBLEMS = problems
