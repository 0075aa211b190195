"""The support desk's menu leads to every list that support may open."""

from django.conf import settings
from django.contrib import admin
from django.urls import reverse


def test_the_menu_names_every_list_of_ours() -> None:
    groups = settings.UNFOLD["SIDEBAR"]["navigation"]
    linked = {str(item["link"]) for group in groups for item in group["items"]}

    registered = {
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
        if model._meta.app_label != "axes"  # attempts to sign in, which the account log tells in words
    }

    assert linked == registered
