"""Every address of the product is mounted here."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from callsphere.api import views as api
from callsphere.calls.openai_webhook import openai
from callsphere.calls.views import stream_keys
from callsphere.web import readiness
from tenants.views.addresses import EmailAddresses
from trunks.checks.views.sharing import SharedReport

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", readiness.livez, name="livez"),
    path("readyz", readiness.readyz, name="readyz"),
    path("metrics", readiness.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("accounts/email/", EmailAddresses.as_view(), name="account_email"),  # allauth's, audited
    path("accounts/", include("allauth.account.urls")),
    path("api/v1/", include("callsphere.api.urls")),
    re_path(r"^api/", api.unknown, name="api-unknown"),
    path("t/<slug:tenant>/trunks/", include("trunks.urls")),
    path("t/<slug:tenant>/numbers/", include("trunks.numbers.urls")),
    path("t/<slug:tenant>/agents/", include("agents.urls")),
    path("t/<slug:tenant>/numbers/<uuid:number_id>/calls/", include("agents.number_urls")),
    path("t/<slug:tenant>/calls/outbound/", include("callsphere.outbound.page_urls")),
    path("t/<slug:tenant>/calls/", include("callsphere.calls.page_urls")),
    path("t/<slug:tenant>/messages/", include("callsphere.calls.inbox_urls")),
    path("reports/<str:token>/", SharedReport.as_view(), name="shared-report"),
    path("t/<slug:tenant>/alerts/", include("callsphere.alerts.urls")),
    path("voice/order/", include("callsphere.outbound.voice_urls")),
    path("voice/", include("callsphere.calls.urls")),
    path("webhooks/openai/", openai, name="openai-webhook"),
    path(".well-known/jwks.json", stream_keys, name="stream-keys"),
    path("", include("billing.urls")),
    path("", include("tenants.urls")),
    path("", include("callsphere.web.urls")),
]
