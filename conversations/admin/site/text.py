"""What everybody is told in the app: one form, no list."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from conversations.models import SiteText

from ..readonly import ModelAdmin

ONLY = 1  # the key of the one row
NAME = "admin:conversations_sitetext"


@admin.register(SiteText)
class SiteTextAdmin(ModelAdmin[SiteText]):
    fields = ("review_notice",)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        text = SiteText.objects.order_by("pk").first()
        if text:
            return redirect(f"{NAME}_change", text.pk)
        # Who may see it but not change it reads in the app what holds.
        if not self.has_add_permission(request):
            return super().changelist_view(request, extra_context)
        return redirect(f"{NAME}_add")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request) and not SiteText.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: SiteText | None = None) -> bool:
        return False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["show_save_and_add_another"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: SiteText, form: Any, change: bool) -> None:
        # Of two people who are first at once the second writes over the first one's words.
        obj.pk = obj.pk or ONLY
        super().save_model(request, obj, form, change)
