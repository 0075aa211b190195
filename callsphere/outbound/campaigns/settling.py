"""What an attempt came to for the contact: call these in the transaction that ends the order.

Locks are taken in one order everywhere: orders, campaigns by their ids, contacts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from callsphere.calls.enums import CallOutcome
from callsphere.outbound.campaigns.pausing import pause_by_itself
from callsphere.outbound.enums import CampaignState, ContactState, OrderState
from callsphere.outbound.models import Campaign, CampaignContact, OutboundCall

_REACHED = (CallOutcome.AGENT, CallOutcome.PERSON)
_NOBODYS = frozenset({404, 410, 484, 604})
"""SIP codes of numbers that nobody has (RFC 3261 §21.4.5, §21.4.9, §21.4.22, §21.6.3)."""
_NEVER_CALLED = frozenset(
    (
        *(13223, 13224, 21211, 21214, 21217, 32101),  # not valid
        *(13225, 21216, 32203, 32216),  # blocked
        *(13227, 21215, 32205),  # in a country that is switched off
    )
)
"""Twilio's codes of what is wrong with a number: another attempt has no better chance."""
_NOBODY_HAS_IT = "Nobody has this number."


def settle_ended(order: OutboundCall, now: datetime) -> None:
    """Keep what became of a contact whose call is over."""
    if order.campaign_id is None:
        return
    campaign, contact = _locked(order)
    contact.outcome, contact.called_at = order.outcome, order.placed_at
    contact.error, contact.error_code = "", ""
    if order.outcome in _REACHED:
        contact.state = ContactState.REACHED
    elif _is_nobodys(order):
        contact.state, contact.error, contact.error_code = ContactState.REFUSED, _NOBODY_HAS_IT, "not_found"
    elif contact.attempts >= campaign.most_attempts:
        contact.state = ContactState.UNREACHED
    else:
        contact.earliest_at = now + timedelta(minutes=campaign.pause_minutes)
        _wait(contact, campaign, contact.earliest_at)
    contact.save()


def settle_refused(order: OutboundCall, now: datetime) -> None:
    """Keep what became of a contact whom the provider does not call.

    Where that is not their number's fault, the next contact would fare no better: the campaign is paused.
    """
    if order.campaign_id is None:
        return
    if not (order.error_code.isdigit() and int(order.error_code) in _NEVER_CALLED):
        give_back(order, now)
        pause_by_itself(order.campaign_id, f"Paused, since a call was refused: {order.error}", now)
        return
    _campaign, contact = _locked(order)
    contact.state, contact.attempts = ContactState.REFUSED, contact.attempts - 1
    contact.error, contact.error_code = order.error, order.error_code
    contact.save()


def end_unplaced(order: OutboundCall, now: datetime, due_at: datetime) -> None:
    """End an order whose call was never placed: its contact waits until `due_at`, with an attempt more."""
    order.state, order.slot, order.campaign_slot = OrderState.FAILED, None, None
    order.due_at, order.ended_at = None, now
    order.error_code = order.error_code or "not_placed"
    order.save()
    give_back(order, due_at)


def give_back(order: OutboundCall, due_at: datetime) -> None:
    """Have a contact called later, as if this attempt had not been made."""
    campaign, contact = _locked(order)
    contact.attempts -= 1
    _wait(contact, campaign, due_at)
    contact.save()


def _locked(order: OutboundCall) -> tuple[Campaign, CampaignContact]:
    # the campaign first: somebody may cancel it, which cancels those who wait
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=order.campaign_id)
    return campaign, CampaignContact.objects.select_for_update(no_key=True).get(pk=order.contact_id)


def _is_nobodys(order: OutboundCall) -> bool:
    call = order.call
    return (
        call is not None
        and order.outcome == CallOutcome.FAILED
        and (call.sip_code in _NOBODYS or call.error_code in _NEVER_CALLED)
    )


def _wait(contact: CampaignContact, campaign: Campaign, due_at: datetime) -> None:
    if campaign.state == CampaignState.CANCELED:
        contact.state = ContactState.CANCELED
    else:
        contact.state, contact.due_at = ContactState.WAITING, due_at
