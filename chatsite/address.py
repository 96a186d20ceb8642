"""Where the site is reached: where it listens, and the address that people write."""

import ipaddress
import re
from urllib.parse import urlsplit

from chatsite.environment import is_url, note

LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
EVERY_ADDRESS = {"0.0.0.0", "::", "[::]"}  # noqa: S104 - compared, not bound


def public_url(typed: str) -> str:
    """The address as browsers name it in `Origin`; nothing where it is none."""
    url = typed.rstrip("/").lower()
    if not typed or (is_url(url, "http", "https") and re.fullmatch(r"\w+://[^/?#@\s]+", url)):
        return url
    note(f"PUBLIC_URL must be like https://chat.example.org, not {typed!r}.")
    return ""


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def allowed_hosts(host: str, public_url: str) -> list[str]:
    if public_url:
        return [urlsplit(public_url).hostname or "", *LOCAL_HOSTS]
    if host in EVERY_ADDRESS:
        # Any of the machine's names; sockets are held to their own origin (chatsite/sockets.py).
        return ["*"]
    return [host, *LOCAL_HOSTS]
