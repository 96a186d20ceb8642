"""A budget's own pages: the people it holds for, and more of it for the period that runs."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F, Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from conversations import accounting
from conversations.models import Budget, Scope
from conversations.text import usd

from ..amounts import plain
from ..readonly import ModelAdmin
from .forms import AllowForm

PEOPLE_SHOWN = 100  # on a page

# Who is shown of those that a budget for each person holds for.
STATES: Mapping[str, tuple[str, Q]] = {
    "": ("All", Q()),
    "near": ("Near it", Q(near_from__lte=F("spent"), limit__gt=F("spent"))),
    "reached": ("Used up", Q(limit__lte=F("spent"))),
}


def urls(of: ModelAdmin[Budget]) -> list[URLPattern]:
    return [
        _page(of, "allow", _allow),
        _page(of, "people", _people),
    ]


def _page(of: ModelAdmin[Budget], name: str, view: Callable[..., Any]) -> URLPattern:
    page = of.admin_site.admin_view(partial(view, of))
    return path(f"<int:budget_id>/{name}/", page, name=f"conversations_budget_{name}")


def _found(of: ModelAdmin[Budget], request: HttpRequest, budget_id: int) -> Budget:
    if not of.has_view_permission(request):
        raise PermissionDenied
    budget = Budget.objects.select_related("person", "group").filter(pk=budget_id).first()
    if budget is None:
        raise Http404
    return budget


def _allow(of: ModelAdmin[Budget], request: HttpRequest, budget_id: int) -> HttpResponseBase:
    """Who may do this need not be allowed to change the budget itself."""
    if not request.user.has_perm("conversations.add_budgetoverride"):
        raise PermissionDenied
    budget = _found(of, request, budget_id)
    if request.method == "POST":
        form = AllowForm(budget, request.POST)
        if form.is_valid():
            _store(of, request, form)
            return redirect("admin:conversations_budget_change", budget.pk)
    else:
        form = AllowForm(budget, initial={"person": request.GET.get("person", "")})
        form.initial["begins"] = form.now
    shown = [name for name in form.fields if name != "begins"]
    a_form: Any = form  # Django's own pages give it forms without a model as well
    context = {
        "form": form,
        "fieldsets": helpers.AdminForm(a_form, [(None, {"fields": shown})], {}),
        "meter": accounting.meters_now([budget]).get(budget.pk),
        "begins": form.now,
    }
    return _response(of, request, budget, "allow", "Allow more this period", context)


def _store(of: ModelAdmin[Budget], request: HttpRequest, form: AllowForm) -> None:
    chosen = form.cleaned_data
    made = accounting.allow_more(
        form.budget,
        chosen["amount"],
        reason=chosen["reason"],
        by=request.user,  # type: ignore[arg-type] # somebody: they have a right
        person=chosen.get("person"),
    )
    whom = f" for {made.person_name}" if made.person_name else ""
    words = f"Allowed {plain(made.amount)} USD more{whom} from {made.begins}: {made.reason}"
    of.log_change(request, form.budget, words)
    messages.success(request, f"{usd(made.amount)} more is allowed{whom} until it resets.")


def _people(of: ModelAdmin[Budget], request: HttpRequest, budget_id: int) -> HttpResponseBase:
    budget = _found(of, request, budget_id)
    if budget.scope != Scope.EACH:
        raise Http404
    chosen = request.GET.get("state", "")
    if chosen not in STATES:
        chosen = ""
    rows = accounting.people_of(budget).select_related("user").filter(STATES[chosen][1])
    page = Paginator(rows, PEOPLE_SHOWN).get_page(request.GET.get("p"))
    people: list[Any] = list(page)
    context = {
        "page": page,
        "people": [(row.user, accounting.meter_of(budget, row, row.limit)) for row in people],
        "states": [(value, words) for value, (words, _) in STATES.items()],
        "chosen": chosen,
        "may_allow": request.user.has_perm("conversations.add_budgetoverride"),
    }
    return _response(of, request, budget, "people", "People and their spending", context)


def _response(
    of: ModelAdmin[Budget],
    request: HttpRequest,
    budget: Budget,
    name: str,
    title: str,
    context: Mapping[str, Any],
) -> TemplateResponse:
    page = {
        **of.admin_site.each_context(request),
        "opts": of.opts,
        "original": budget,
        "title": title,
        "subtitle": str(budget),
        "media": of.media,
        **context,
    }
    return TemplateResponse(request, f"admin/conversations/budget/{name}.html", page)
