"""Every address of the API. Ids are UUIDs; whatever does not match is answered in the API's error shape."""

from typing import Any

from django.urls import URLPattern, URLResolver, path, re_path
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ViewSetMixin

from callsphere.alerts.api import IncidentViewSet
from callsphere.api import views
from tenants.api import AuditEventViewSet, OwnTenantViewSet
from trunks.api import (
    AllowedNetworkViewSet,
    CredentialViewSet,
    GatewayViewSet,
    HealthPolicyViewSet,
    StatusChangeViewSet,
    TrunkHealthViewSet,
    TrunkViewSet,
)
from trunks.check_api import CheckScheduleViewSet, CheckShareViewSet, ReadinessCheckViewSet
from trunks.history_api import TrunkHistoryViewSet

app_name = "api"
EDIT: dict[str, Any] = {"get": "retrieve", "put": "update", "patch": "partial_update"}

router = SimpleRouter(use_regex_path=False)
router.register("trunks", TrunkViewSet, basename="trunk")


def of_trunk(part: str, viewset: type[ViewSetMixin], basename: str) -> None:
    """Register a resource below one trunk."""
    router.register(f"trunks/<uuid:trunk_id>/{part}", viewset, basename=basename)


of_trunk("gateways", GatewayViewSet, "gateway")
of_trunk("networks", AllowedNetworkViewSet, "network")
of_trunk("credentials", CredentialViewSet, "credential")
of_trunk("checks", ReadinessCheckViewSet, "check")
of_trunk("checks/<uuid:check_id>/shares", CheckShareViewSet, "check-share")
of_trunk("status-changes", StatusChangeViewSet, "status-change")
router.register("incidents", IncidentViewSet, basename="incident")
router.register("audit-events", AuditEventViewSet, basename="audit-event")

urlpatterns: list[URLPattern | URLResolver] = [
    *router.urls,
    path(
        "tenant/",
        OwnTenantViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="tenant",
    ),
    path("trunks/<uuid:trunk_id>/health-policy/", HealthPolicyViewSet.as_view(EDIT), name="health-policy"),
    path("trunks/<uuid:trunk_id>/health/", TrunkHealthViewSet.as_view({"get": "retrieve"}), name="health"),
    path(
        "trunks/<uuid:trunk_id>/health/history/",
        TrunkHistoryViewSet.as_view({"get": "retrieve"}),
        name="health-history",
    ),
    path("trunks/<uuid:trunk_id>/probe/", TrunkHealthViewSet.as_view({"post": "probe"}), name="probe"),
    path(
        "trunks/<uuid:trunk_id>/checks/<uuid:pk>/cancel/",
        ReadinessCheckViewSet.as_view({"post": "cancel"}),
        name="check-cancel",
    ),
    path(
        "trunks/<uuid:trunk_id>/check-schedule/",
        CheckScheduleViewSet.as_view({"get": "retrieve", "put": "update", "delete": "destroy"}),
        name="check-schedule",
    ),
    path("schema/", views.schema, name="schema"),
    path("docs/", views.reference, name="docs"),
    re_path(r"", views.unknown, name="unknown"),
]
