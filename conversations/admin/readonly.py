"""Pages on which staff read and change nothing, superusers included."""

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Model
from django.http import HttpRequest

from conversations.text import storable

Row = TypeVar("Row", bound=Model)


class StorableLookups:
    """Before any list of ours: what no database can hold is not asked for. PostgreSQL refuses the
    query itself.
    """

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        if storable(value) != value:
            raise IncorrectLookupParameters
        parent: Any = super()
        return bool(parent.lookup_allowed(lookup, value, request))


if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin
else:

    class ModelAdmin(StorableLookups, admin.ModelAdmin):
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


class GuardedAdmin(ReadOnlyAdmin[Row]):
    """A list that an address can ask about by its own filters alone. Django allows every column,
    and so words that nobody is shown could be found out letter by letter.
    """

    also_asked: tuple[str, ...] = ()  # columns that our own links name

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        # Of one that is not storable this says so, whatever it asks about.
        is_allowed = super().lookup_allowed(lookup, value, request)
        filters: Any = self.get_list_filter(request)
        if lookup in {getattr(each, "parameter_name", None) for each in filters}:
            return is_allowed
        by_column = {each for each in filters if isinstance(each, str)}
        name = lookup.partition("__")[0]
        if name in {*by_column, self.date_hierarchy, *self.also_asked}:
            return is_allowed
        return is_allowed and name not in {field.name for field in self.opts.get_fields()}
