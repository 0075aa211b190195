"""Addresses of the pages of phone numbers, below /t/<slug>/numbers/."""

from django.urls import URLPattern, path

from trunks.numbers.views import emergencies, lists, one, own, searching

app_name = "numbers"

_NUMBER = "<uuid:number_id>/"
_SEARCH = "search/<uuid:search_id>/"

urlpatterns: list[URLPattern] = [
    path("", lists.NumberList.as_view(), name="list"),
    path("search/", searching.SearchStart.as_view(), name="search"),
    path(_SEARCH, searching.SearchResults.as_view(), name="search-results"),
    path(f"{_SEARCH}buy/<str:digits>/", searching.NumberBuy.as_view(), name="buy"),
    path("own/", own.OwnAdd.as_view(), name="own-add"),
    path(_NUMBER, one.NumberDetail.as_view(), name="detail"),
    path(f"{_NUMBER}edit/", one.NumberEdit.as_view(), name="edit"),
    path(f"{_NUMBER}emergency/", emergencies.EmergencyEdit.as_view(), name="emergency"),
    path(f"{_NUMBER}look/", one.NumberLook.as_view(), name="look"),
    path(f"{_NUMBER}verify/", own.NumberVerify.as_view(), name="verify"),
    path(f"{_NUMBER}release/", one.NumberRelease.as_view(), name="release"),
]
