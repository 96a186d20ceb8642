"""HOST and PUBLIC_URL: who can reach the site, and what holds for them."""

import pytest

from tests.settings.conftest import chosen

LOCAL = ["localhost", "127.0.0.1", "[::1]"]
PLAIN = {
    "SECURE_SSL_REDIRECT": None,
    "SECURE_HSTS_SECONDS": None,
    "SECURE_PROXY_SSL_HEADER": None,
    "SESSION_COOKIE_SECURE": None,
    "CSRF_COOKIE_SECURE": None,
}
ENCRYPTED = {
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
}


def reached(hosts, *, origins=None, exposed=True, **more):
    return {
        "PROBLEMS": [],
        "EXPOSED": exposed,
        "ALLOWED_HOSTS": hosts,
        "CSRF_TRUSTED_ORIGINS": origins,
        **PLAIN,
        **more,
    }


REACHED = {
    "a laptop": ({}, reached(["127.0.0.1", *LOCAL], exposed=False)),
    "another port of it": ({"HOST": "localhost"}, reached(["localhost", *LOCAL], exposed=False)),
    "its IPv6": ({"HOST": "::1"}, reached(["::1", *LOCAL], exposed=False)),
    "every address": ({"HOST": "0.0.0.0"}, reached(["*"])),
    "every IPv6 address": ({"HOST": "[::]"}, reached(["*"])),
    "one address of the LAN": ({"HOST": "192.168.1.5"}, reached(["192.168.1.5", *LOCAL])),
    "a name": ({"HOST": "chat.lan"}, reached(["chat.lan", *LOCAL])),
    "https": (
        {"PUBLIC_URL": "https://chat.example.org"},
        reached(["chat.example.org", *LOCAL], origins=["https://chat.example.org"], **ENCRYPTED),
    ),
    "https as people type it": (
        {"PUBLIC_URL": " https://Chat.Example.org:8443/ "},
        reached(
            ["chat.example.org", *LOCAL], origins=["https://chat.example.org:8443"], **ENCRYPTED
        ),
    ),
    "https behind a proxy elsewhere": (
        {"PUBLIC_URL": "https://chat.example.org", "HOST": "0.0.0.0"},
        reached(["chat.example.org", *LOCAL], origins=["https://chat.example.org"], **ENCRYPTED),
    ),
    "http": (
        {"PUBLIC_URL": "http://chat.lan"},
        reached(["chat.lan", *LOCAL], origins=["http://chat.lan"]),
    ),
}


@pytest.mark.parametrize(("variables", "expected"), REACHED.values(), ids=REACHED)
def test_where_the_site_is_reached(read, variables, expected):
    assert chosen(read(**variables), expected) == expected


@pytest.mark.parametrize(
    "url",
    [
        "chat.example.org",
        "ftp://chat.example.org",
        "https://",
        "https://chat.example.org/chat",
        "https://chat.example.org?x=1",
        "https://user@chat.example.org",
        "https://chat.example.org:port",
        "https://chat example",
        "https://[chat",
        "/",
    ],
)
def test_a_public_url_that_is_none_is_said_and_still_counts_as_exposed(read, url):
    settings = read(PUBLIC_URL=url)

    assert settings["PROBLEMS"] == [
        f"PUBLIC_URL must be like https://chat.example.org, not {url!r}."
    ]
    assert (settings["EXPOSED"], settings["PUBLIC_URL"]) == (True, "")
