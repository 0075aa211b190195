"""How the audit log speaks of outbound calls."""

from callsphere.outbound.models import Campaign, CampaignContact, DoNotCall, OutboundCall
from tenants.audit_lines import Kind, add_kind, add_sentences


def add_kinds() -> None:
    """Teach the log what people do with outbound calls."""
    add_kind(Kind(OutboundCall, "outbound call", "outbound calls"))
    add_kind(Kind(DoNotCall, "number not to call", "numbers not to call"))
    add_kind(Kind(Campaign, "campaign", "campaigns"))
    add_kind(Kind(CampaignContact, "contact", "contacts"))
    add_sentences(
        {
            "ordered": "asked for the {noun} {name}",
            "canceled": "canceled the {noun} {name}",
            "campaign.contacts_added": "added contacts to the campaign {name}",
            "campaign.results_exported": "exported the results of the campaign {name}",
        }
    )
