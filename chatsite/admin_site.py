"""Django's admin under our name, with one door of it closed."""

from typing import NoReturn

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import Http404, HttpRequest


class ChatsiteAdmin(AdminSite):
    site_header = site_title = "Chatsite"
    # The header has a link of its own, in plainer words than "View site" (admin/base_site.html).
    site_url = None

    def autocomplete_view(self, request: HttpRequest) -> NoReturn:
        """No page here asks it, and it would name conversations by their titles to whoever may see
        their figures alone.
        """
        raise Http404


class Config(AdminConfig):
    default_site = "chatsite.admin_site.ChatsiteAdmin"
