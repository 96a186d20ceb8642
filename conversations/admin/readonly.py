"""Pages on which staff read and change nothing, superusers included."""

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

Row = TypeVar("Row", bound=Model)

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin
else:

    class ModelAdmin(admin.ModelAdmin):
        """Django's own cannot be subscripted while the site runs."""

        def __class_getitem__(cls, row: Any) -> Any:
            return cls


class ReadOnlyAdmin(ModelAdmin[Row]):
    show_full_result_count = False
    show_facets = admin.ShowFacets.ALLOW

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False
