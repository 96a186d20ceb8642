"""Words of a provider, made safe to store, to log and to show.

Providers quote the key that they refuse, in whole or in part, and gateways quote what they
please. So the site's own secrets go wherever they stand, and so does what looks like a key.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from django.conf import settings

from conversations.text import one_line

MAX_QUOTE_LENGTH = 300  # characters
# Characters of a provider's text that are looked at, far more than is ever quoted.
MAX_INPUT_LENGTH = 20_000
# A shorter one is a local server's stand-in such as "x", no secret: blanking it everywhere
# would only garble the text.
MIN_SECRET_LENGTH = 6
MASK = "[key]"

_LOOKS_LIKE_A_KEY = (
    # Vendors' prefixes; what a provider has masked with asterisks or dots counts too.
    re.compile(
        r"\b(?:sk|pk|rk|gsk|xai|hf|key|pplx|nvapi|r8|sess)[-_][\w*.…-]{5,}[\w*…-]", re.ASCII
    ),
    re.compile(r"\bAIza[\w-]{20,}", re.ASCII),
    re.compile(r"\bey[\w-]{8,}\.[\w-]{8,}\.[\w-]*", re.ASCII),
    re.compile(r"(?i)\b(?:bearer|basic)\s+[\w*.~+/=-]{5,}[\w*=]", re.ASCII),
)
_NAMED = re.compile(
    r"(?i)(\b\w*(?:key|secret|password|authorization)\w*\b[^\w\n]{0,6}(?:\w+[^\w\n]{1,4}){0,3}?)"
    r"([\w*.…~+/=-]{15,}[\w*…=])",
    re.ASCII,
)
_PASSWORD = re.compile(r"//[^/@]*:([^/@]+)@")


def quotable(text: str) -> str:
    """The text without keys, on one line, bounded. It is still the provider's: escape it."""
    text = text[:MAX_INPUT_LENGTH]
    for secret in _own_secrets():
        text = text.replace(secret, MASK)
    for pattern in _LOOKS_LIKE_A_KEY:
        text = pattern.sub(MASK, text)
    text = _NAMED.sub(rf"\1{MASK}", text)
    return one_line(text, MAX_QUOTE_LENGTH)


def _own_secrets() -> Iterator[str]:
    """What this site must never show, the longest form first."""
    found = _PASSWORD.search(settings.OPENAI_BASE_URL)
    password = found[1] if found else ""
    for secret in (settings.OPENAI_API_KEY, unquote(password), password):
        if len(secret) >= MIN_SECRET_LENGTH:
            yield secret
