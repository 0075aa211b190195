"""Addresses of the pages that belong to no single area."""

from django.conf import settings
from django.urls import URLPattern, path

from callsphere.web import dashboard, views

app_name = "web"

urlpatterns: list[URLPattern] = [
    path("", views.landing, name="landing"),
    path("t/<slug:tenant>/", dashboard.Dashboard.as_view(), name="dashboard"),
]
if settings.DEBUG:
    urlpatterns.append(path("_components/", views.components, name="components"))
