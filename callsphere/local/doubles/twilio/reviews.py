"""Twilio's reviewers: what they decide of profiles, trust products and bundles, told by a signed callback."""

from __future__ import annotations

from callsphere.local.doubles.twilio import callbacks
from callsphere.local.doubles.twilio.messages import Row, not_found
from callsphere.local.doubles.twilio.numbers import BUNDLES
from callsphere.local.doubles.twilio.store import ACCOUNTS, Store
from callsphere.local.doubles.twilio.trust import PRODUCTS, PROFILES

STATUSES = ("draft", "pending-review", "in-review", "twilio-rejected", "twilio-approved")


def review(store: Store, sid: str, status: str) -> Row:
    """Set what was decided, tell the status callback, and return the row.

    Raises ValueError for a status there is not, a Refusal for an unknown id.
    """
    if status not in STATUSES:
        raise ValueError(f"status is one of {', '.join(STATUSES)}")
    row = next((row for name in (PROFILES, PRODUCTS, BUNDLES) if (row := store.find(name, sid=sid))), None)
    if row is None:
        raise not_found(sid)
    row["status"] = status
    store.save()
    if row.get("status_callback"):
        account = store.get(ACCOUNTS, sid=row["account_sid"])
        fields = {"AccountSid": account["sid"], "BundleSid": sid, "Status": status}
        callbacks.send(account, "POST", row["status_callback"], fields)
    return row
