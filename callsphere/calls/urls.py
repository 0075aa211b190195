"""The addresses that trunks/numbers/intake.py gives to the provider."""

from django.urls import path

from callsphere.calls import views
from callsphere.calls.enums import TOLD

app_name = "calls"

urlpatterns = [
    *(
        path(f"trunk/<uuid:trunk_id>/{kind}/", views.of_trunk, {"kind": kind}, name=f"trunk-{kind}")
        for kind in TOLD
    ),
    *(
        path(f"<uuid:number_id>/{kind}/", views.of_number, {"kind": kind}, name=f"number-{kind}")
        for kind in TOLD
    ),
    path("<uuid:number_id>/text/", views.of_reply, name="text-reply"),
    path("<uuid:number_id>/message/<uuid:text_id>/", views.of_text, name="text-message"),
]
