"""Addresses of the pages of the call log, below /t/<slug>/calls/."""

from django.urls import URLPattern, path

from callsphere.calls.pages import charts, detail, export, keeping, log, ringing

app_name = "call-log"

_CALL = "<uuid:call_id>/"

urlpatterns: list[URLPattern] = [
    path("", log.CallLog.as_view(), name="list"),
    path("charts/", charts.Charts.as_view(), name="charts"),
    path("export/", export.Export.as_view(), name="export"),
    path("keeping/", keeping.Keeping.as_view(), name="keeping"),
    path("ring/", ringing.RingIt.as_view(), name="ring"),
    path(_CALL, detail.CallDetail.as_view(), name="detail"),
    path(f"{_CALL}hang-up/", detail.HangUp.as_view(), name="hang-up"),
]
