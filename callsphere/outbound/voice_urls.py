"""The addresses that `placing` gives to the provider."""

from django.urls import path

from callsphere.outbound import views
from callsphere.outbound.enums import OrderTold

app_name = "outbound-voice"

urlpatterns = [
    path(f"<uuid:order_id>/<int:claim>/{kind.value}/", views.of_order, {"kind": kind}, name=kind.value)
    for kind in OrderTold
]
