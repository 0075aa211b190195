"""Addresses of the alerts pages, below /t/<slug>/alerts/."""

from django.urls import URLPattern, path

from callsphere.alerts import views

app_name = "alerts"

urlpatterns: list[URLPattern] = [
    path("", views.IncidentList.as_view(), name="list"),
    path("<uuid:incident_id>/", views.IncidentDetail.as_view(), name="detail"),
]
