"""What load balancers and monitoring ask: /livez, /readyz, /metrics."""

import secrets

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET
from django_prometheus.exports import ExportToDjangoView
from redis import Redis
from redis.exceptions import RedisError

from callsphere.calls.realtime.claims import oldest_due_s as oldest_session_due_s
from tenants.mail.delivery import is_left_lying
from trunks.bindings.claims import oldest_due_s as oldest_registration_due_s
from trunks.health.judging import oldest_due_s
from trunks.overdue import OVERDUE_AFTER

log = structlog.get_logger(__name__)

SESSION_OVERDUE_S = 30.0
"""A caller waits meanwhile: longer than a process takes to start."""
OK, DEGRADED, FAILED = "ok", "degraded", "failed"
_seen_applied: list[bool] = []


@require_GET
def livez(request: HttpRequest) -> JsonResponse:
    """The process answers. Nothing else is asked, so that a database outage restarts nobody."""
    return JsonResponse({"status": OK})


@require_GET
def readyz(request: HttpRequest) -> JsonResponse:
    """Requests can be served: 503 without the database or its migrations; without Redis or workers, later.

    A worker that does not work makes it degraded: what it left lying is what tells, not the worker.
    """
    checks = {"database": _database(), "migrations": FAILED, "redis": _redis()}
    if checks["database"] == OK:
        checks["migrations"] = _migrations()
    if checks["migrations"] == OK:
        checks.update(_workers())
    failed = FAILED in checks.values()
    status = FAILED if failed else DEGRADED if DEGRADED in checks.values() else OK
    return JsonResponse({"status": status, "checks": checks}, status=503 if failed else 200)


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics, for whoever knows METRICS_TOKEN; without one only on a private installation."""
    if not _may_read_metrics(request):
        raise Http404
    response: HttpResponse = ExportToDjangoView(request)
    return response


def _may_read_metrics(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        expected = f"Bearer {settings.METRICS_TOKEN}".encode()
        return secrets.compare_digest(request.headers.get("Authorization", "").encode(), expected)
    return not settings.SECURE


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        log.warning("not_ready", part="database", error=type(error).__name__)
        return FAILED
    return OK


def _migrations() -> str:
    # The code of a running process does not change: once applied, its migrations stay applied.
    if not _seen_applied:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return FAILED
        _seen_applied.append(True)
    return OK


def _workers() -> dict[str, str]:
    now = timezone.now()
    overdue_s = OVERDUE_AFTER.total_seconds()
    left = {
        "mail": is_left_lying(now),
        "probes": oldest_due_s(now) > overdue_s,
        "registrations": oldest_registration_due_s(now) > overdue_s,
        "realtime": oldest_session_due_s(now) > SESSION_OVERDUE_S,
    }
    for part in (part for part, is_left in left.items() if is_left):
        log.warning("degraded", part=part)
    return {part: DEGRADED if is_left else OK for part, is_left in left.items()}


def _redis() -> str:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as client:
            client.ping()
    except (RedisError, OSError) as error:
        log.warning("degraded", part="redis", error=type(error).__name__)
        return DEGRADED
    return OK
