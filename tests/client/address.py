"""Where a site is reached: at a port of this machine, under the address by which it knows itself.

With TLS the certificate is not looked at: a test has made it.
"""

import socket
import ssl
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit


class Address(Protocol):
    """A `Site` is one as well."""

    port: int
    url: str


@dataclass(frozen=True)
class Front:
    """What stands before a site."""

    port: int
    url: str


def host_of(address: Address) -> str:
    return urlsplit(address.url).netloc


def connect(address: Address, seconds: float, buffer: int = 0) -> socket.socket:
    """No step may take longer than this; `buffer` is of bytes that are not read, 0 is as usual."""
    plain = socket.socket()
    plain.settimeout(seconds)
    if buffer:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    try:
        plain.connect(("127.0.0.1", address.port))
        if urlsplit(address.url).scheme != "https":
            return plain
        tls = ssl.create_default_context()
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
        return tls.wrap_socket(plain, server_hostname=urlsplit(address.url).hostname)
    except OSError:
        plain.close()
        raise
