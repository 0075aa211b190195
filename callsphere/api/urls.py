"""Every address of the API. Ids are UUIDs; whatever does not match is answered in the API's error shape."""

from typing import Any

from django.urls import URLPattern, URLResolver, path, re_path
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ViewSetMixin

from agents.api import (
    AgentTemplateViewSet,
    AgentVersionViewSet,
    AgentViewSet,
    BusinessHoursViewSet,
    NumberRouteViewSet,
    ToolInvocationViewSet,
    ToolViewSet,
)
from billing.affiliates.api import FiguresViewSet, PayoutViewSet, StatementViewSet
from billing.api import BillingRequestViewSet, InvoiceViewSet, PlanViewSet, SubscriptionViewSet
from callsphere.alerts.api import IncidentViewSet
from callsphere.api import views
from callsphere.calls.api import CallEventViewSet, CallRetentionViewSet, CallViewSet, CsvRenderer
from callsphere.calls.messages_api import (
    CallbackViewSet,
    CallerMessageViewSet,
    TextMessageViewSet,
    VoiceMessageViewSet,
)
from callsphere.escalations.api import EscalationPolicyViewSet, EscalationViewSet, OnCallPersonViewSet
from callsphere.outbound.api import DoNotCallViewSet, OutboundCallViewSet, PlacingCallViewSet
from callsphere.outbound.campaigns.api import UPLOAD, CampaignViewSet, ContactViewSet
from tenants.access import Capability
from tenants.api import AuditEventViewSet, OwnTenantViewSet
from tenants.renderers import CaptureRenderer, SoundRenderer, TextRenderer
from trunks.access.api import AllowedNetworkViewSet, CredentialViewSet
from trunks.api import TrunkViewSet
from trunks.certificates.api import ClientCertificateViewSet, TrustedAuthorityViewSet
from trunks.checks.api import CheckScheduleViewSet, CheckShareViewSet, ReadinessCheckViewSet
from trunks.gateways.api import GatewayViewSet
from trunks.health.api.history import TrunkHistoryViewSet
from trunks.health.api.watch import HealthPolicyViewSet, StatusChangeViewSet, TrunkHealthViewSet
from trunks.numbers.api import (
    EmergencyAddressViewSet,
    LookViewSet,
    NumberSearchViewSet,
    PhoneNumberViewSet,
    VerificationViewSet,
)
from trunks.presets.api import CarrierPresetViewSet
from trunks.provisioning.api import ProvisionViewSet, TrunkNumberViewSet
from trunks.registrations.api import AttemptViewSet, RegistrationChangeViewSet, RegistrationViewSet
from trunks.session_timers.api import SessionTimerPolicyViewSet

app_name = "api"
EDIT: dict[str, Any] = {"get": "retrieve", "put": "update", "patch": "partial_update"}
REGISTRATION = "trunks/<uuid:trunk_id>/registration/"
PROVISION = "trunks/<uuid:trunk_id>/provision/"

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
of_trunk("registration/attempts", AttemptViewSet, "registration-attempt")
of_trunk("registration/changes", RegistrationChangeViewSet, "registration-change")
of_trunk("provision/numbers", TrunkNumberViewSet, "trunk-number")
of_trunk("status-changes", StatusChangeViewSet, "status-change")
router.register("trusted-authorities", TrustedAuthorityViewSet, basename="trusted-authority")
router.register("client-certificates", ClientCertificateViewSet, basename="client-certificate")
router.register("number-searches", NumberSearchViewSet, basename="number-search")
router.register("phone-numbers", PhoneNumberViewSet, basename="phone-number")
router.register("agents", AgentViewSet, basename="agent")
router.register("agents/<uuid:agent_id>/versions", AgentVersionViewSet, basename="agent-version")
router.register("tools", ToolViewSet, basename="tool")
router.register("tools/<uuid:tool_id>/invocations", ToolInvocationViewSet, basename="tool-invocation")
router.register("business-hours", BusinessHoursViewSet, basename="business-hours")
router.register("number-routes", NumberRouteViewSet, basename="number-route")
router.register("calls", PlacingCallViewSet, basename="call")
router.register("outbound-calls", OutboundCallViewSet, basename="outbound-call")
router.register("do-not-call", DoNotCallViewSet, basename="do-not-call")
router.register("campaigns", CampaignViewSet, basename="campaign")
router.register("campaigns/<uuid:campaign_id>/contacts", ContactViewSet, basename="campaign-contact")
router.register("on-call-people", OnCallPersonViewSet, basename="on-call-person")
router.register("escalation-policies", EscalationPolicyViewSet, basename="escalation-policy")
router.register("escalations", EscalationViewSet, basename="escalation")
router.register("call-events", CallEventViewSet, basename="call-event")
router.register("caller-messages", CallerMessageViewSet, basename="caller-message")
router.register("callbacks", CallbackViewSet, basename="callback")
router.register("voice-messages", VoiceMessageViewSet, basename="voice-message")
router.register("text-messages", TextMessageViewSet, basename="text-message")
router.register("billing-requests", BillingRequestViewSet, basename="billing-request")
router.register("invoices", InvoiceViewSet, basename="invoice")
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
    path(
        "trunks/<uuid:trunk_id>/session-timer-policy/",
        SessionTimerPolicyViewSet.as_view(EDIT),
        name="session-timer-policy",
    ),
    path("trunks/<uuid:trunk_id>/health/", TrunkHealthViewSet.as_view({"get": "retrieve"}), name="health"),
    path(
        "trunks/<uuid:trunk_id>/health/history/",
        TrunkHistoryViewSet.as_view({"get": "retrieve"}),
        name="health-history",
    ),
    path("trunks/<uuid:trunk_id>/probe/", TrunkHealthViewSet.as_view({"post": "probe"}), name="probe"),
    path(
        REGISTRATION,
        RegistrationViewSet.as_view({"post": "create", "delete": "destroy", **EDIT}),
        name="registration",
    ),
    path(f"{REGISTRATION}pause/", RegistrationViewSet.as_view({"post": "pause"}), name="registration-pause"),
    path(
        f"{REGISTRATION}resume/", RegistrationViewSet.as_view({"post": "resume"}), name="registration-resume"
    ),
    path(
        f"{REGISTRATION}register-now/",
        RegistrationViewSet.as_view({"post": "register_now"}),
        name="register-now",
    ),
    path(
        PROVISION,
        ProvisionViewSet.as_view({"post": "create", "delete": "destroy", **EDIT}),
        name="provision",
    ),
    path(f"{PROVISION}look-now/", ProvisionViewSet.as_view({"post": "look_now"}), name="provision-look"),
    path(f"{PROVISION}apply/", ProvisionViewSet.as_view({"post": "apply"}), name="provision-apply"),
    path(f"{PROVISION}take/", ProvisionViewSet.as_view({"post": "take"}), name="provision-take"),
    path(
        "trunks/<uuid:trunk_id>/checks/<uuid:pk>/cancel/",
        ReadinessCheckViewSet.as_view({"post": "cancel"}),
        name="check-cancel",
    ),
    path(
        "phone-numbers/<uuid:number_id>/verification/",
        VerificationViewSet.as_view({"get": "retrieve", "post": "create"}),
        name="number-verification",
    ),
    path(
        "phone-numbers/<uuid:number_id>/emergency-address/",
        EmergencyAddressViewSet.as_view({"get": "retrieve", "put": "update"}),
        name="number-emergency-address",
    ),
    path("phone-numbers/<uuid:pk>/look/", LookViewSet.as_view({"post": "look"}), name="number-look"),
    path(
        "call-retention/",
        CallRetentionViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="call-retention",
    ),
    path(
        "voice-messages/<uuid:pk>/sound/",
        VoiceMessageViewSet.as_view({"get": "sound"}, renderer_classes=[SoundRenderer]),
        name="voice-message-sound",
    ),
    path("calls/<uuid:pk>/hang-up/", CallViewSet.as_view({"post": "hang_up"}), name="call-hang-up"),
    path(
        "calls/export/",
        CallViewSet.as_view(
            {"get": "export"},
            read_capability=Capability.CALLS_EXPORT,
            renderer_classes=[CsvRenderer],
            pagination_class=None,
        ),
        name="call-export",
    ),
    path(
        "calls/summary/",
        CallViewSet.as_view({"get": "summary"}, pagination_class=None, filterset_class=None),
        name="call-summary",
    ),
    *(
        path(f"campaigns/<uuid:pk>/{done}/", CampaignViewSet.as_view({"post": done}), name=f"campaign-{done}")
        for done in ("start", "pause", "resume", "cancel")
    ),
    path(
        "campaigns/<uuid:pk>/results/",
        CampaignViewSet.as_view(
            {"get": "results"}, renderer_classes=[CsvRenderer], pagination_class=None, filterset_class=None
        ),
        name="campaign-results",
    ),
    path(
        "campaigns/<uuid:campaign_id>/contacts/upload/",
        ContactViewSet.as_view({"post": "upload"}, **UPLOAD),
        name="campaign-contact-upload",
    ),
    path("agents/<uuid:pk>/publish/", AgentViewSet.as_view({"post": "publish"}), name="agent-publish"),
    path("agents/<uuid:pk>/roll-back/", AgentViewSet.as_view({"post": "roll_back"}), name="agent-roll-back"),
    path("agents/<uuid:pk>/changes/", AgentViewSet.as_view({"get": "changes"}), name="agent-changes"),
    path(
        "agents/<uuid:agent_id>/versions/<uuid:pk>/changes/",
        AgentVersionViewSet.as_view({"get": "changes"}),
        name="agent-version-changes",
    ),
    path("agent-templates/", AgentTemplateViewSet.as_view({"get": "everything"}), name="agent-template-list"),
    path("tools/<uuid:pk>/test/", ToolViewSet.as_view({"post": "test"}), name="tool-test"),
    path(
        "tools/<uuid:pk>/signing-secret/",
        ToolViewSet.as_view({"post": "renew_signing_secret"}),
        name="tool-signing-secret",
    ),
    path(
        "number-routes/<uuid:pk>/dry-run/",
        NumberRouteViewSet.as_view({"post": "dry_run"}),
        name="number-route-dry-run",
    ),
    path("plans/", PlanViewSet.as_view({"get": "everything"}), name="plan-list"),
    path("subscription/", SubscriptionViewSet.as_view({"get": "retrieve"}), name="subscription"),
    path("carrier-presets/", CarrierPresetViewSet.as_view({"get": "everything"}), name="carrier-preset-list"),
    path(
        "trunks/<uuid:trunk_id>/checks/<uuid:pk>/text/",
        ReadinessCheckViewSet.as_view({"get": "text"}, renderer_classes=[TextRenderer]),
        name="check-text",
    ),
    path(
        "trunks/<uuid:trunk_id>/checks/<uuid:pk>/pcap/",
        ReadinessCheckViewSet.as_view({"get": "capture"}, renderer_classes=[CaptureRenderer]),
        name="check-capture",
    ),
    path(
        "trunks/<uuid:trunk_id>/check-schedule/",
        CheckScheduleViewSet.as_view({"get": "retrieve", "put": "update", "delete": "destroy"}),
        name="check-schedule",
    ),
    path("affiliate/", FiguresViewSet.as_view({"get": "retrieve"}), name="affiliate"),
    path(
        "affiliate/statements/<str:month>/",
        StatementViewSet.as_view({"get": "retrieve"}),
        name="affiliate-statement",
    ),
    path("affiliate/payouts/", PayoutViewSet.as_view({"get": "list"}), name="affiliate-payouts"),
    path("schema/", views.schema, name="schema"),
    path("docs/", views.reference, name="docs"),
    re_path(r"", views.unknown, name="unknown"),
]
