"""What staff should know of budgets and unusual use; taken note of here, and only that."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from conversations.models import Alert

from ..filters import ConditionFilter
from ..readonly import ReadOnlyAdmin


class SeenFilter(ConditionFilter):
    title = "seen"
    parameter_name = "seen"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "No"), ("yes", "Yes")]

    def holds(self, value: str) -> Q:
        return Q(seen_at__isnull=value != "yes")


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin[Alert]):
    list_display = ("kind", "words", "created_at", "mailed_at", "seen_by", "seen_at")
    list_display_links = None
    list_filter = (SeenFilter, "kind", "created_at")
    list_select_related = ("seen_by",)
    search_fields = ("words",)
    actions = ("mark_as_seen",)

    class Media:
        css = {"all": ["css/admin.css"]}

    def has_delete_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        """Never by itself; with the person or the group whose spending it is about, as Django
        asks here as well.
        """
        match = request.resolver_match
        return obj is not None and "_alert_" not in f"{match and match.url_name}"

    def has_seen_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("conversations.change_alert")

    @admin.action(description="Mark as seen", permissions=["seen"])
    def mark_as_seen(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        """Whoever was first has seen it."""
        # Not of the list's own queryset: an update takes no ordering.
        new = Alert.objects.filter(pk__in=queryset.values("pk"), seen_at=None)
        seen = new.update(seen_by=request.user, seen_at=timezone.now())
        words = "1 alert is" if seen == 1 else f"{seen:,} alerts are"
        messages.success(request, f"{words} marked as seen.")
