"""What holds for every request: the content security policy, being signed in, words for failures."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.views import defaults

from conversations.views.shell import notice

from .away import is_away

POLICY = "; ".join(f"{name} {value}" for name, value in settings.CONTENT_SECURITY_POLICY.items())
HEADER = "Content-Security-Policy"
DATABASE_AWAY = (
    "The site's database does not answer just now. Nothing was lost: your draft is kept."
)
RETRY_SECONDS = 5  # after which a client that asks by itself may ask again


class ContentSecurityPolicyMiddleware:
    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._later(request)
        response: HttpResponseBase = self.get_response(request)
        response.headers.setdefault(HEADER, POLICY)
        return response

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await self.get_response(request)
        response.headers.setdefault(HEADER, POLICY)
        return response


class SignInMiddleware(LoginRequiredMiddleware):
    """Every page wants a session; a fragment is answered 401 and words, never a login page."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], *args: Any
    ) -> HttpResponseBase | None:
        # What is for everybody asks for no session: /healthz answers without the database.
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, *args)

    def handle_no_permission(  # type: ignore[override] # 401 is no redirect
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        if getattr(request, "htmx", False):
            return notice(request, 401, "Sign in again; your draft is kept.", ["login"])
        return super().handle_no_permission(request, view_func)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Mostly a message of more bytes than are read at all."""
    is_too_big = isinstance(exception, RequestDataTooBig)
    if is_too_big and getattr(request, "htmx", False):
        return notice(request, 413, "This message is too long to be sent.")
    return defaults.bad_request(request, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Mostly a page that is older than the session; the reload brings the new token."""
    from django.views.csrf import csrf_failure as page

    if getattr(request, "htmx", False):
        return notice(request, 403, "This page is out of date. Reload it; your draft is kept.")
    return page(request, reason)


def server_error(request: HttpRequest) -> HttpResponse:
    """A database that does not answer is no fault of the request's: it may be sent again.

    Nothing here may ask the database; the log gets one line (chatsite/logs.py).
    """
    if not is_away(sys.exc_info()[1]):
        return defaults.server_error(request)
    if getattr(request, "htmx", False):
        response = notice(request, 503, DATABASE_AWAY, ["retry"])
    else:
        response = HttpResponse(render_to_string("503.html"), status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    response["Cache-Control"] = "no-store"
    return response
