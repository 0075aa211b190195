"""The addresses that `placing` gives to the provider."""

from django.urls import path

from callsphere.outbound import views

app_name = "outbound-voice"

urlpatterns = [
    path(f"<uuid:order_id>/<int:claim>/{kind}/", views.of_order, {"kind": kind}, name=kind)
    for kind in ("answered", "status")
]
