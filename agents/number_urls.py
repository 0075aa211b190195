"""Addresses of where calls to a number lead, below /t/<slug>/numbers/<id>/calls/."""

from django.urls import URLPattern, path

from agents.views import routes

app_name = "routes"

urlpatterns: list[URLPattern] = [
    path("", routes.RouteDetail.as_view(), name="detail"),
    path("edit/", routes.RouteEdit.as_view(), name="edit"),
    path("delete/", routes.RouteDelete.as_view(), name="delete"),
]
