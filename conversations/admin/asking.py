"""An action of a list that asks something before it acts, on a page between."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest
from django.template.response import TemplateResponse


def ask(
    page: "ModelAdmin[Any]",
    request: HttpRequest,
    title: str,
    form: forms.Form,
    keys: Sequence[object],
    named: Sequence[str],
) -> TemplateResponse:
    """Its form sends the same action once more, with `asked` and what was filled in.

    `keys` are the rows it is about, `named` what they are called.
    """
    context = {
        **page.admin_site.each_context(request),
        "title": title,
        "opts": page.opts,
        "media": page.media,
        "form": form,
        "keys": keys,
        "named": named,
        "action": request.POST.get("action", ""),
        "checkbox": ACTION_CHECKBOX_NAME,
        "back": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/conversations/ask.html", context)
