"""As much of a websocket as a page needs, over a plain socket, so that a test may also not read."""

import base64
import contextlib
import json
import os
import struct
from typing import Any

from tests.client.address import Address, connect, host_of
from tests.patience import PATIENCE

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Closed(Exception):
    """The socket is gone; `code` is 1006 where nobody said why."""

    def __init__(self, code: int = 1006) -> None:
        super().__init__(code)
        self.code = code


class WebSocket:
    """`buffer` is what the system keeps of what is not read, in bytes; 0 is as usual."""

    def __init__(self, address: Address, path: str, cookie: str, buffer: int = 0) -> None:
        self._left = b""
        try:
            self._socket = connect(address, PATIENCE, buffer)
            self._open(address, path, cookie)
        except OSError as error:
            raise Closed from error

    def _open(self, address: Address, path: str, cookie: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host_of(address)}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Origin: {address.url}\r\nCookie: {cookie}\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._left:
            self._read()
        head, self._left = self._left.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            self.cut()
            raise Closed

    def say(self, packet: Any) -> None:
        self._write(TEXT, json.dumps(packet).encode())

    def hear(self, seconds: float) -> Any | None:
        """The next packet; None where none came in time. Raises Closed."""
        self._settimeout(seconds)
        while True:
            try:
                kind, body = self._frame()
            except TimeoutError:
                return None
            if kind == TEXT:
                return json.loads(body)
            if kind == PING:
                self._write(PONG, body)
            elif kind == CLOSE:
                self.cut()
                raise Closed(struct.unpack("!H", body[:2])[0] if body else 1005)

    def cut(self) -> None:
        """Go away without a word."""
        self._socket.close()

    # --- frames -------------------------------------------------------------------------------

    def _settimeout(self, seconds: float) -> None:
        try:
            self._socket.settimeout(seconds)
        except OSError as error:
            raise Closed from error

    def _read(self) -> None:
        try:
            more = self._socket.recv(65_536)
        except TimeoutError:
            raise
        # With TLS it is a ValueError where another thread has cut it just now.
        except (OSError, ValueError) as error:
            raise Closed from error
        if not more:
            self.cut()
            raise Closed
        self._left += more

    def _frame(self) -> tuple[int, bytes]:
        while (found := _split(self._left)) is None:
            self._read()
        kind, body, self._left = found
        return kind, body

    def _write(self, kind: int, body: bytes) -> None:
        mask = os.urandom(4)
        length = len(body)
        head = bytes([0x80 | kind])
        if length < 126:
            head += bytes([0x80 | length])
        else:
            head += bytes([0x80 | 126]) + struct.pack("!H", length)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(body))
        try:
            self._socket.sendall(head + mask + masked)
        except OSError as error:
            self._hear_why()
            raise Closed from error

    def _hear_why(self) -> None:
        """Whoever has gone may have said why, and it lies here unread."""
        self._settimeout(1)
        with contextlib.suppress(TimeoutError):
            while True:
                kind, body = self._frame()
                if kind == CLOSE:
                    self.cut()
                    raise Closed(struct.unpack("!H", body[:2])[0] if body else 1005)


def _split(data: bytes) -> tuple[int, bytes, bytes] | None:
    """The first whole frame of a server, and what comes after it."""
    if len(data) < 2:
        return None
    length, at = data[1] & 0x7F, 2
    if length >= 126:
        size, form = (2, "!H") if length == 126 else (8, "!Q")
        if len(data) < at + size:
            return None
        length, at = struct.unpack(form, data[at : at + size])[0], at + size
    if len(data) < at + length:
        return None
    return data[0] & 0x0F, data[at : at + length], data[at + length :]
