"""What a provider for tests can be told to do. `tests/upstream_server.py` explains it."""

import asyncio
import json
import socket
import struct
import threading
import time
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.patience import PATIENCE

ID = "chatcmpl-test"
MODEL = "test-model"
CREATED = 1_700_000_000
FINGERPRINT = "fp_test"

# Seconds that a test waits for something that has to happen.


# --- what came --------------------------------------------------------------------------------


@dataclass(eq=False)
class Recorded:
    """One request as it arrived. `at` is in seconds of `time.monotonic`."""

    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    raw: bytes
    at: float = field(default_factory=time.monotonic)
    disconnected: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)

    @property
    def body(self) -> Any:
        """The parsed JSON body; None where there is none."""
        return json.loads(self.raw) if self.raw else None

    @property
    def messages(self) -> list[dict[str, Any]]:
        body = self.body if isinstance(self.body, dict) else {}
        return list(body.get("messages", []))

    @property
    def is_for_models(self) -> bool:
        return self.method == "GET" and self.path.partition("?")[0].endswith("/models")

    @property
    def last_user_text(self) -> str:
        asked = [one["content"] for one in self.messages if one.get("role") == "user"]
        return str(asked[-1]) if asked else ""


# --- steps ------------------------------------------------------------------------------------


class Broken(Exception):
    """The script ends here, and the connection with it."""


class Step(ABC):
    @abstractmethod
    async def play(self, response: "Response") -> None: ...


@dataclass
class raw(Step):
    """Bytes of the body, as they are."""

    body: bytes

    async def play(self, response: "Response") -> None:
        await response.write(self.body)


@dataclass
class wire(Step):
    """Bytes of the connection, past HTTP."""

    data: bytes

    async def play(self, response: "Response") -> None:
        response.has_begun = True
        await response.write_wire(self.data)


@dataclass
class respond(Step):
    """How the response begins. `framing` is "chunked" or "close", `encoding` "gzip" or ""."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    framing: str = "chunked"
    encoding: str = ""

    async def play(self, response: "Response") -> None:
        await response.begin(self)


@dataclass
class pause(Step):
    seconds: float

    async def play(self, response: "Response") -> None:
        await asyncio.sleep(self.seconds)


class hang(Step):
    """Send nothing more, until the client goes away."""

    async def play(self, response: "Response") -> None:
        await asyncio.Event().wait()


class close(Step):
    """Close the socket here, whatever is missing."""

    async def play(self, response: "Response") -> None:
        raise Broken


class reset(Step):
    """End the connection with a TCP reset."""

    async def play(self, response: "Response") -> None:
        await asyncio.sleep(0.02)  # a reset overtakes data that the client has not read yet
        linger = struct.pack("ii", 1, 0)
        response.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raise Broken


class Gate(Step):
    """Hold the stream here until the test opens the gate."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()
        self.sent = 0  # characters of the answer, its reasoning with it, before this gate

    def open(self) -> None:
        self.opened.set()

    def wait_until_reached(self, seconds: float = PATIENCE) -> None:
        assert self.reached.wait(seconds), "no request came to this gate"

    async def play(self, response: "Response") -> None:
        self.sent = response.sent
        self.reached.set()
        while not self.opened.is_set():  # noqa: ASYNC110 - opened from the test's thread
            await asyncio.sleep(0.002)


Script = Sequence["Step | dict[str, Any] | bytes"] | Callable[[Recorded], Sequence[Any]]


# --- what a script is made of -----------------------------------------------------------------


def event(payload: object) -> raw:
    """One `data:` event."""
    return raw(f"data: {json.dumps(payload)}\n\n".encode())


def chunk(delta: object = None, finish_reason: object = None, **more: Any) -> dict[str, Any]:
    """One chunk as OpenAI sends it; `more` replaces or adds top-level fields."""
    choice = {"index": 0, "delta": {} if delta is None else delta, "finish_reason": finish_reason}
    return {
        "id": ID,
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": MODEL,
        "system_fingerprint": FINGERPRINT,
        "choices": [choice],
    } | more


def role_chunk() -> dict[str, Any]:
    return chunk({"role": "assistant", "content": ""})


def content(text: str) -> dict[str, Any]:
    return chunk({"content": text})


def reasoning(text: str) -> dict[str, Any]:
    return chunk({"reasoning_content": text})


def finish(reason: str = "stop") -> dict[str, Any]:
    return chunk({}, reason)


def usage(
    prompt: int, completion: int, cached: int = 0, reasoning_tokens: int = 0
) -> dict[str, Any]:
    figures = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning_tokens},
    }
    return chunk(choices=[], usage=figures)


def done() -> raw:
    return raw(b"data: [DONE]\n\n")


def comment(text: str = "keep-alive") -> raw:
    return raw(f": {text}\n\n".encode())


def words(text: str, pause_seconds: float = 0.0) -> list[Any]:
    """A content chunk for each word, with a pause after each."""
    pieces = [content(word) for word in text.replace(" ", " \0").split("\0")]
    if not pause_seconds:
        return list(pieces)
    return [step for piece in pieces for step in (piece, pause(pause_seconds))]


def answer(
    text: str,
    *,
    prompt: int = 10,
    completion: int | None = None,
    pause_seconds: float = 0.0,
    reason: str = "stop",
) -> list[Any]:
    """A whole, well-behaved answer. `completion` is in tokens; by default, one for each word."""
    tokens = len(text.split()) if completion is None else completion
    return [
        role_chunk(),
        *words(text, pause_seconds),
        finish(reason),
        usage(prompt, tokens),
        done(),
    ]


def json_response(
    payload: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> list[Step]:
    kind = {"content-type": "application/json"}
    return [respond(status, kind | dict(headers or {})), raw(json.dumps(payload).encode())]


def error_response(
    status: int,
    code: str | None = None,
    message: str = "It went wrong.",
    *,
    kind: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> list[Step]:
    """An error as OpenAI words it; `kind` is its "type"."""
    error = {"message": message, "type": kind, "param": None, "code": code}
    return json_response({"error": error}, status, headers)


def model_list(*ids: object) -> list[Step]:
    """The answer to GET /models."""
    models = [{"id": one, "object": "model", "created": CREATED, "owned_by": "test"} for one in ids]
    return json_response({"object": "list", "data": models})


def _characters(payload: Mapping[str, Any]) -> int:
    """How much of an answer this event brings; where a script is odd on purpose, nothing."""
    try:
        [delta] = [choice["delta"] for choice in payload["choices"]]
        return sum(len(delta.get(name) or "") for name in ("content", "reasoning_content"))
    except (AttributeError, KeyError, TypeError, ValueError):
        return 0


# --- one response -----------------------------------------------------------------------------


class Response:
    """Writes one response, by hand: the scripts break rules that a library would keep."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._beginning = respond()
        self._compressor: Any = None
        self.has_begun = False
        self.sent = 0  # characters of the answer and its reasoning

    @property
    def socket(self) -> Any:
        return self._writer.get_extra_info("socket")

    async def begin(self, beginning: respond) -> None:
        self._beginning, self.has_begun = beginning, True
        headers = {"content-type": "text/event-stream; charset=utf-8"} | dict(beginning.headers)
        if beginning.encoding == "gzip":
            headers["content-encoding"] = "gzip"
            self._compressor = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
        if beginning.framing == "chunked":
            headers["transfer-encoding"] = "chunked"
        else:
            headers["connection"] = "close"
        lines = [f"HTTP/1.1 {beginning.status} Whatever"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        await self.write_wire("\r\n".join([*lines, "", ""]).encode())

    async def write(self, body: bytes) -> None:
        if not self.has_begun:
            await self.begin(respond())
        if self._compressor:
            body = self._compressor.compress(body) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        if not body:
            return
        if self._beginning.framing == "chunked":
            body = b"%x\r\n%s\r\n" % (len(body), body)
        await self.write_wire(body)

    async def write_wire(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def end(self) -> bool:
        """Complete the body; True where the connection can serve another request."""
        if not self.has_begun:
            await self.begin(respond())
        if self._compressor:
            await self.write_last(self._compressor.flush())
        if self._beginning.framing == "chunked":
            await self.write_wire(b"0\r\n\r\n")
        return self._beginning.framing == "chunked"

    async def write_last(self, data: bytes) -> None:
        self._compressor = None
        await self.write(data)

    async def play(self, script: Sequence[Any]) -> bool:
        for step in script:
            if isinstance(step, dict):
                self.sent += _characters(step)
                step = event(step)
            elif isinstance(step, bytes):
                step = raw(step)
            try:
                await step.play(self)
            except Broken:
                return False
        return await self.end()
