"""The support desk's lists of campaigns and their contacts."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.outbound.campaigns.conftest import Desk
from tests.tenants.conftest import desk as support_desk
from tests.tenants.conftest import sam

__all__ = ["sam", "support_desk"]
pytestmark = pytest.mark.django_db


def test_support_sees_how_campaigns_stand_and_nothing_of_what_is_said(
    desk: Desk, support_desk: Client
) -> None:
    campaign = desk.campaign(name="Roofs", brief="Private matter")
    contact = desk.add(campaign, "+12125550200", name="Private name", columns={"offer": "Private offer"})
    pages = [
        support_desk.get(f"/admin/outbound/{address}").content.decode()
        for address in (
            "campaign/",
            f"campaign/{campaign.pk}/change/",
            "campaigncontact/?q=%2B12125550200",
            f"campaigncontact/{contact.pk}/change/",
        )
    ]
    assert ["Roofs" in page for page in pages] == [True] * 4
    assert ["Private" in page for page in pages] == [False] * 4
