"""All settings, in one place. What a deployment may change comes from the environment."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

from django.core.management.utils import get_random_secret_key

from chatsite import loggers
from chatsite.address import allowed_hosts, is_loopback, public_url
from chatsite.databases import database
from chatsite.environment import choice, flag, is_url, note, number, problems, text, words
from chatsite.layers import channel_layer
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

HOST = text("HOST", "127.0.0.1")
PUBLIC_URL = public_url(text("PUBLIC_URL"))
# Exposed: somebody else than the person at this machine may reach the site.
EXPOSED = bool(text("PUBLIC_URL")) or not is_loopback(HOST)
DEBUG = flag("DEBUG")

ALLOWED_HOSTS = allowed_hosts(HOST, PUBLIC_URL)
if PUBLIC_URL:
    CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
    USE_X_FORWARDED_HOST = False
if PUBLIC_URL.startswith("https://"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
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
    "chatsite.admin_site.Config",
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
DATABASES = {"default": database(DATABASE_URL, DATA_DIR)}

REDIS_URL = text("REDIS_URL")
CHANNEL_LAYERS = {"default": channel_layer(REDIS_URL, SECRET_KEY)}

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
    note(f"TIME_ZONE must be like Europe/Berlin, not {TIME_ZONE!r}.")
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
    note("OPENAI_BASE_URL must be like https://api.example.org/v1.")

# Without key and address the site answers by itself, and says so on every page.
DEMO_MODE = not (OPENAI_API_KEY or OPENAI_BASE_URL)
DEMO_MODEL = "demo"
DEMO_TOKENS_PER_SECOND = number("DEMO_TOKENS_PER_SECOND", 30, least=1)
DEFAULT_MODEL = DEMO_MODEL if DEMO_MODE else text("DEFAULT_MODEL", "gpt-5-mini")

# Which name the limit is sent under: "max_tokens" is what older servers know,
# "max_completion_tokens" what OpenAI's reasoning models insist on, "auto" decides by both.
MAX_TOKENS_PARAMETER = choice("MAX_TOKENS_PARAMETER", "auto", "max_tokens", "max_completion_tokens")

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

# --- limits and the line before the provider ------------------------------------------------

# Of a person: messages in a minute, answers written at once.
MAX_MESSAGES_PER_MINUTE = int(number("MAX_MESSAGES_PER_MINUTE", 30, least=1))
MAX_ANSWERS_PER_PERSON = int(number("MAX_ANSWERS_PER_PERSON", 5, least=1))
# Of the site: calls at once, and in a minute calls and tokens; 0 is no limit.
MAX_CALLS = int(number("MAX_CALLS", 200, least=1))
MAX_REQUESTS_PER_MINUTE = int(number("MAX_REQUESTS_PER_MINUTE", 0))
MAX_TOKENS_PER_MINUTE = int(number("MAX_TOKENS_PER_MINUTE", 0))
# Messages in line, of the site and of one person; past that they are refused.
MAX_QUEUED = int(number("MAX_QUEUED", 1000, least=1))
MAX_QUEUED_PER_PERSON = int(number("MAX_QUEUED_PER_PERSON", 20, least=1))
# How long one may stand in line, in seconds.
QUEUE_SECONDS = number("QUEUE_SECONDS", 600, least=0.1)

# Seconds in which a call that failed before its first token is tried again; 0 is never.
RETRY_SECONDS = number("RETRY_SECONDS", 120)
# The wait before a retry is drawn from nothing to this, doubled each time, up to the second.
RETRY_BASE_SECONDS = number("RETRY_BASE_SECONDS", 1, least=0.01)
RETRY_CAP_SECONDS = number("RETRY_CAP_SECONDS", 30, least=0.01)
# After so many failed calls in a row nothing is called for a while: seconds at first and at most.
CIRCUIT_FAILURES = int(number("CIRCUIT_FAILURES", 5, least=1))
CIRCUIT_SECONDS = number("CIRCUIT_SECONDS", 5, least=0.01)
CIRCUIT_CAP_SECONDS = number("CIRCUIT_CAP_SECONDS", 60, least=0.01)

# Days that a conversation can be reviewed after its person deleted it; then `manage.py
# remove_deleted` removes what was said in it. 0: at the next run.
KEEP_DELETED_DAYS = int(number("KEEP_DELETED_DAYS", 30))

# Whether models without a price may be used by whom a budget holds for: it cannot hold for them.
ALLOW_UNKNOWN_PRICES = flag("ALLOW_UNKNOWN_PRICES")

# A person's day is unusual past so many times the mean of their days; 0 is never.
UNUSUAL_FACTOR = number("UNUSUAL_FACTOR", 5)

# --- e-mail: alerts to whoever is answerable for the site -----------------------------------

# Without a host no mail is sent.
EMAIL_HOST = text("EMAIL_HOST")
EMAIL_USE_TLS = flag("EMAIL_USE_TLS")
EMAIL_USE_SSL = flag("EMAIL_USE_SSL")
EMAIL_PORT = int(number("EMAIL_PORT", 465 if EMAIL_USE_SSL else 587 if EMAIL_USE_TLS else 25))
EMAIL_HOST_USER = text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = text("EMAIL_HOST_PASSWORD")
# Seconds for each answer of the mail server.
EMAIL_TIMEOUT = number("EMAIL_TIMEOUT", 10, least=0.1)
DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL")
# Who gets alerts; without any, the staff who may see them.
ALERT_EMAILS = words("ALERT_EMAILS")

# --- a running answer -------------------------------------------------------------------------

BEAT_SECONDS = number("BEAT_SECONDS", 3, least=0.05)
# An answer whose beat is older may be ended as interrupted by whoever notices.
TAKEOVER_SECONDS = number("TAKEOVER_SECONDS", 15, least=0.2)
# Partial text is stored at most this often.
FLUSH_SECONDS = number("FLUSH_SECONDS", 0.5, least=0.01)
# Frames go to the page at most this often per answer.
FRAME_SECONDS = number("FRAME_SECONDS", 0.05, least=0.01)
# How long a process that is told to stop lets its answers go on before it marks them.
GRACE_SECONDS = number("GRACE_SECONDS", 0)
# How long it then waits for them to be stored.
SHUTDOWN_SECONDS = number("SHUTDOWN_SECONDS", 8, least=0.1)

DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * MAX_MESSAGE_LENGTH + 100_000

# --- log and figures ----------------------------------------------------------------------

# Who may read /metrics without being signed in as staff: whoever sends this.
METRICS_TOKEN = text("METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 16:
    note("METRICS_TOKEN must have at least 16 characters, or it could be guessed.")
    METRICS_TOKEN = ""

# How the log is written: "line" to be read, "json" to be collected.
LOG_FORMAT = choice("LOG_FORMAT", "line", "json")
LOGGING = loggers.configuration(LOG_FORMAT)

os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(DATA_DIR / "tiktoken"))

# What could not be read above; `manage.py check` says it.
PROBLEMS = problems
