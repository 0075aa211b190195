"""What is asked for, and what paces it."""

from callsphere.outbound.models.campaigns import Campaign, CampaignContact
from callsphere.outbound.models.dialling import Dialler, DoNotCall
from callsphere.outbound.models.orders import OutboundCall

__all__ = ("Campaign", "CampaignContact", "Dialler", "DoNotCall", "OutboundCall")
