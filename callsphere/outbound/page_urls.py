"""Addresses of the pages of outbound calls, below /t/<slug>/calls/outbound/."""

from django.urls import URLPattern, path

from callsphere.outbound.pages import do_not_call, orders

app_name = "outbound"

urlpatterns: list[URLPattern] = [
    path("", orders.Orders.as_view(), name="list"),
    path("place/", orders.Place.as_view(), name="place"),
    path("<uuid:order_id>/cancel/", orders.Cancel.as_view(), name="cancel"),
    path("do-not-call/", do_not_call.Forbidden.as_view(), name="do-not-call"),
    path("do-not-call/add/", do_not_call.Forbid.as_view(), name="forbid"),
    path("do-not-call/<uuid:entry_id>/remove/", do_not_call.Allow.as_view(), name="allow"),
]
