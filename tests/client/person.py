"""Somebody who is signed in and sends things over HTTP, from any thread."""

import http.client
import re
import urllib.parse
import uuid
from dataclasses import dataclass
from typing import Any

from tests.client.address import Address, connect, host_of
from tests.patience import PATIENCE
from tests.people import PASSWORD


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    text: str

    @property
    def conversation(self) -> uuid.UUID:
        """Where the page is sent after a first message."""
        return uuid.UUID(self.headers["HX-Redirect"].strip("/").split("/")[-1])

    @property
    def words(self) -> str:
        """What a person reads of it."""
        return " ".join(re.sub(r"<[^>]*>", " ", self.text).split())


class Person:
    """Signs in by the password, or is signed in already where a session's key is given."""

    def __init__(self, site: Address, name: str, session: str = "") -> None:
        self.site, self.name = site, name
        self._cookies = {"sessionid": session} if session else {}
        # The first page brings the token that every later request needs.
        came = self.get("/" if session else "/login/")
        assert came.status == 200, came
        if session:
            return
        signed_in = self.post("/login/", username=name, password=PASSWORD)
        assert signed_in.status == 302, signed_in.text

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def get(self, path: str, site: Address | None = None, seconds: float = PATIENCE) -> Answer:
        return self._ask("GET", path, None, site or self.site, seconds)

    def post(
        self, path: str, site: Address | None = None, seconds: float = PATIENCE, **fields: object
    ) -> Answer:
        given = {name: value for name, value in fields.items() if value is not None}
        return self._ask("POST", path, urllib.parse.urlencode(given), site or self.site, seconds)

    def begin(
        self, text: str, client_id: uuid.UUID | None = None, site: Address | None = None
    ) -> Answer:
        """The first message of a new chat."""
        return self.post(
            "/c/", site, text=text, client_id=client_id or uuid.uuid4(), model="gpt-4o-mini"
        )

    def send(
        self,
        conversation: uuid.UUID,
        text: str,
        parent: uuid.UUID | None,
        client_id: uuid.UUID | None = None,
        site: Address | None = None,
        seconds: float = PATIENCE,
    ) -> Answer:
        path = f"/c/{conversation}/messages/"
        given = client_id or uuid.uuid4()
        return self.post(path, site, seconds, text=text, client_id=given, parent=parent)

    def act(
        self, conversation: uuid.UUID, message: uuid.UUID, act: str, site: Address | None = None
    ) -> Answer:
        """Stop, retry, continue."""
        path = f"/c/{conversation}/messages/{message}/{act}/"
        return self.post(path, site, client_id=uuid.uuid4())

    def _ask(
        self, method: str, path: str, body: str | None, site: Address, seconds: float
    ) -> Answer:
        """Raises OSError or HTTPException where no answer came."""
        headers = self.headers_for(site)
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if body is not None and path.startswith("/c/"):
            # Refusals are then words for a page, and no pages of their own.
            headers["HX-Request"] = "true"
        connection = http.client.HTTPConnection("127.0.0.1", site.port)
        try:
            connection.sock = connect(site, seconds)
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        for header in response.headers.get_all("Set-Cookie", ()):
            name, _, value = header.partition(";")[0].partition("=")
            self._cookies[name] = value
        return Answer(response.status, response.headers, text)

    def headers_for(self, site: Address) -> dict[str, str]:
        """What makes a request theirs."""
        return {
            "Host": host_of(site),
            "Referer": f"{site.url}/",
            "Cookie": self.cookie,
            "X-CSRFToken": self._cookies.get("csrftoken", ""),
        }
