"""The figures for whoever watches the site, in Prometheus' text format."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache

from conversations import line
from conversations import metrics as figures
from conversations.models import Gate, Message
from conversations.turns import draining
from conversations.turns.sharing import live

from .patience import AskingDatabase


@login_not_required
@never_cache
async def metrics(request: HttpRequest) -> HttpResponse:
    """For staff, and for who sends METRICS_TOKEN; nobody else learns that there is more to see."""
    if not (_has_token(request) or await _is_staff(request)):
        response = HttpResponse("METRICS_TOKEN or staff only.\n", "text/plain", status=401)
        response["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return response
    figures.RUNNING.set(len(live.running()))
    figures.DRAINING.set(draining.is_draining())
    text = figures.exposition(await _site.ask())
    return HttpResponse(text, content_type=figures.CONTENT_TYPE)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if not settings.METRICS_TOKEN or scheme.lower() != "bearer":
        return False
    return constant_time_compare(token.strip(), settings.METRICS_TOKEN)


async def _is_staff(request: HttpRequest) -> bool:
    user = await request.auser()
    return bool(user.is_active and getattr(user, "is_staff", False))


def _look_at_site() -> figures.Site:
    now = timezone.now()
    in_line = Message.objects.in_line()
    waiting = dict.fromkeys(map(str, line.Reason), 0)
    for wait in line.survey().values():
        waiting[str(wait.reason)] += 1
    oldest = in_line.order_by("queued_at").values_list("queued_at", flat=True).first()
    gate = Gate.objects.first() or Gate()
    return figures.Site(
        running=Message.objects.claimed().aggregate(number=Count("pk"))["number"],
        waiting=waiting,
        oldest_seconds=max((now - oldest).total_seconds(), 0) if oldest else 0,
        is_circuit_open=bool(gate.open_until),
        failures=gate.failures,
    )


_site = AskingDatabase(_look_at_site)
