"""Accounts: Django's own pages, with taking away all about a person, and erasing it.

Deleting an account erases it first, since the ledger keeps its rows: the words in them would
otherwise outlive the person.
"""

from collections.abc import AsyncIterator, Generator
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from conversations import search, sessions
from conversations.review import erasing
from conversations.review import person as all_about

from ..readonly import StorableLookups

LIST, PAGE = "admin:auth_user_changelist", "admin:auth_user_change"

if TYPE_CHECKING:
    AccountAdmin = UserAdmin[User]
else:
    AccountAdmin = UserAdmin

admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(StorableLookups, AccountAdmin):
    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export)
        erase = self.admin_site.admin_view(self.erase)
        return [
            path("<int:person_id>/export/", export, name="auth_user_export"),
            path("<int:person_id>/erase/", erase, name="auth_user_erase"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        person: User | None = context.get("original")
        context |= {
            "may_export": request.user.is_superuser,
            "may_erase": person and _may_erase(request, person),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A name that is given up stays bound to the account: erasing it looks for that one too."""
        if change and "username" in form.changed_data:
            self.log_change(request, User.objects.get(pk=obj.pk), "Renamed.")
        super().save_model(request, obj, form, change)

    # --- everything about a person ---------------------------------------------------------------

    def export(self, request: HttpRequest, person_id: int) -> HttpResponseBase:
        """For superusers: flags, notes and the log of readers come along, each a right of its own."""
        if not request.user.is_superuser:
            raise PermissionDenied
        person = get_object_or_404(User, pk=person_id)
        reader = get_object_or_404(User, pk=request.user.pk)
        all_about.note_export(person, reader, reader.get_username())
        return StreamingHttpResponse(
            _streamed(all_about.pieces(person)),
            content_type="application/json",
            headers={
                "Content-Disposition": f'attachment; filename="{all_about.file_name(person)}"'
            },
        )

    # --- erasing, and deleting -------------------------------------------------------------------

    def erase(self, request: HttpRequest, person_id: int) -> HttpResponseBase:
        person = get_object_or_404(User, pk=person_id)
        if not _may_erase(request, person):
            raise PermissionDenied
        if request.method != "POST":
            return TemplateResponse(
                request, "admin/auth/user/erase.html", self._going(request, person, "Erase")
            )
        # The name as it was shall not be in the log that this makes.
        if not _erase(request, person):
            return redirect(PAGE, person.pk)
        self.log_change(request, person, "Erased.")
        messages.success(
            request, f"Everything but figures was erased. The account is now {person.username}."
        )
        return redirect(PAGE, person.pk)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is None:
            return bool(request.user.is_superuser)
        return _may_erase(request, obj)

    def get_actions(self, request: HttpRequest) -> Any:
        """People are deleted one by one, each after a page that says what goes."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The page tells it in its own words; what is only read elsewhere goes along here."""
        return [], {}, set(), []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        person = self.get_object(request, object_id)
        if person is None or not self.has_delete_permission(request, person):
            return super().delete_view(request, object_id, extra_context)
        # Before Django's transaction begins: answers that are stopped end in their own.
        if request.method == "POST" and not _erase(request, person):
            return redirect(PAGE, person.pk)
        going = self._going(request, person, "Delete")
        return super().delete_view(request, object_id, {**(extra_context or {}), **going})

    def _going(self, request: HttpRequest, person: User, verb: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": f"{verb} {person.username}",
            "opts": self.opts,
            "original": person,
            "held": erasing.holdings_of(person),
            "new_name": erasing.new_name(person),
        }


def _may_erase(request: HttpRequest, person: User) -> bool:
    """Superusers may, but not themselves: somebody is left who is answerable for the site."""
    return bool(request.user.is_superuser) and person.pk != request.user.pk


def _erase(request: HttpRequest, person: User) -> bool:
    try:
        erasing.erase(person)
    except erasing.CannotErase as error:
        messages.error(request, str(error))
        return False
    finally:
        # The account is closed by then, whatever came of the rest.
        sessions.note_new_password(person.pk)
    search.compact()
    return True


async def _streamed(pieces: Generator[str]) -> AsyncIterator[str]:
    """As in `export`: read in the request's own thread, in pieces."""
    try:
        while piece := await sync_to_async(lambda: next(pieces, ""))():
            yield piece
    finally:
        await sync_to_async(pieces.close)()
