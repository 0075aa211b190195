"""Those who decide at Twilio and at carriers of profiles, bundles, campaigns and toll-free numbers."""

from __future__ import annotations

from callsphere.local.doubles.twilio import callbacks
from callsphere.local.doubles.twilio.messages import Row, not_found
from callsphere.local.doubles.twilio.numbers import BUNDLES
from callsphere.local.doubles.twilio.store import ACCOUNTS, Store
from callsphere.local.doubles.twilio.trust import CAMPAIGNS, PRODUCTS, PROFILES, TOLL_FREE

_HUB = ("draft", "pending-review", "in-review", "twilio-rejected", "twilio-approved")
# Collection: the field that a decision sets, and what it may be.
_DECISIONS = {
    PROFILES: ("status", _HUB),
    PRODUCTS: ("status", _HUB),
    BUNDLES: ("status", _HUB),
    CAMPAIGNS: ("campaign_status", ("PENDING", "IN_PROGRESS", "VERIFIED", "FAILED", "SUSPENDED")),
    TOLL_FREE: ("status", ("PENDING_REVIEW", "IN_REVIEW", "TWILIO_APPROVED", "TWILIO_REJECTED")),
}


def review(store: Store, sid: str, status: str) -> Row:
    """Set what was decided, and return the row.

    Raises ValueError for a status there is not, a Refusal for an unknown id.
    """
    collection = next((name for name in _DECISIONS if store.find(name, sid=sid)), None)
    if collection is None:
        raise not_found(sid)
    row, (field, allowed) = store.get(collection, sid=sid), _DECISIONS[collection]
    if status not in allowed:
        raise ValueError(f"status is one of {', '.join(allowed)}")
    row[field] = status
    store.save()
    return row


def tell(store: Store, row: Row, status: str) -> None:
    """Send the status callback of what was decided, if it has one. Raises OSError when nothing answers."""
    if row.get("status_callback"):
        account = store.get(ACCOUNTS, sid=row["account_sid"])
        fields = {"AccountSid": account["sid"], "BundleSid": row["sid"], "Status": status}
        callbacks.send(account, "POST", row["status_callback"], fields)
