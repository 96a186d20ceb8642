"""What every page may say of the site itself."""

from django.conf import settings
from django.http import HttpRequest

THEMES = {"light", "dark"}


def site(request: HttpRequest) -> dict[str, object]:
    theme = request.COOKIES.get("theme", "")
    return {"demo_mode": settings.DEMO_MODE, "theme": theme if theme in THEMES else ""}
