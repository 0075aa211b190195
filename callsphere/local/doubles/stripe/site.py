"""What the stand-in's pages answer: a page, or where to go next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from callsphere.local.doubles.stripe import checkout, lifecycle, pages, portal, returns
from callsphere.local.doubles.stripe.account import Account
from callsphere.local.doubles.stripe.calendar import DAY
from callsphere.local.doubles.stripe.faults import ApiError

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """A page with its status, or an address to go on to."""

    body: bytes = b""
    status: int = 200
    target: str = ""


def respond(account: Account, path: str, fields: Fields | None) -> Reply:
    """Answer a page's request; `fields` are those of its form, None for a look. Hold the account's lock."""
    kind, _, identity = path.strip("/").partition("/")
    answer = _PAGES.get(kind)
    try:
        if answer is None:
            raise ApiError(404, "There is no such page.")
        return answer(account, identity.removesuffix("/pdf"), fields)
    except ApiError as error:
        return Reply(pages.page("Not here", f"<h1>Not here</h1><p>{error}</p>"), error.status)
    finally:
        account.save()


def _checkout(account: Account, identity: str, fields: Fields | None) -> Reply:
    session = account.get("checkout.session", identity)
    error = ""
    if session["status"] != "open":
        return Reply(target=session["cancel_url"])
    if fields is not None:
        card, country = fields.get("card", ""), fields.get("country", "US")
        try:
            return Reply(target=checkout.complete(account, session, card=card, country=country))
        except ApiError as refusal:
            error = str(refusal)
    return Reply(pages.checkout_page(account, session, error), 402 if error else 200)


def _portal(account: Account, identity: str, fields: Fields | None) -> Reply:
    session = account.get("billing_portal.session", identity)
    error = ""
    if fields is not None:
        try:
            portal.press(account, session, action=fields.get("action", ""), card=fields.get("card", ""))
            return Reply(target=f"/portal/{identity}")
        except ApiError as refusal:
            error = str(refusal)
    return Reply(pages.portal_page(account, session, error), 402 if error else 200)


def _invoice(account: Account, identity: str, fields: Fields | None) -> Reply:
    invoice = account.get("invoice", identity)
    if fields is not None:
        returns.press(account, invoice, fields.get("action", ""))
        return Reply(target=f"/invoices/{identity}")
    return Reply(pages.invoice_page(account, invoice))


def _desk(account: Account, identity: str, fields: Fields | None) -> Reply:
    if fields is not None:
        lifecycle.advance(account, int(fields.get("days", 0)) * DAY)
        return Reply(target="/")
    return Reply(pages.desk_page(account))


_PAGES: dict[str, Callable[[Account, str, Fields | None], Reply]] = {
    "checkout": _checkout,
    "portal": _portal,
    "invoices": _invoice,
    "": _desk,
}
