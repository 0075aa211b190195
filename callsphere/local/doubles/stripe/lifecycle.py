"""Time passes: trials end, periods are renewed, cards are tried again, in the order in which it is due."""

from collections.abc import Callable
from functools import partial

from callsphere.local.doubles.stripe import renewals, subscriptions
from callsphere.local.doubles.stripe.account import Account
from callsphere.local.doubles.stripe.checkout import expire
from callsphere.local.doubles.stripe.invoices import collect

Happening = tuple[int, str, Callable[[], object]]


def advance(account: Account, seconds: int) -> None:
    """Turn the clock on; all that is due by then has happened afterwards, each thing at its own moment."""
    target = account.now() + seconds
    _happen_until(account, target)
    account.turned_s += seconds


def catch_up(account: Account) -> bool:
    """Let happen what is due by now; return whether there was anything."""
    return _happen_until(account, account.now())


def _happen_until(account: Account, target: int) -> bool:
    happened = False
    try:
        while due := [each for each in _happenings(account) if each[0] <= target]:
            moment, _identity, action = min(due, key=lambda each: each[:2])
            account.at(moment)
            action()
            happened = True
    finally:
        account.at(None)
    return happened


def _happenings(account: Account) -> list[Happening]:
    found: list[Happening] = []
    for record in account.tables["subscription"].values():
        moment = renewals.next_moment(record)
        if moment is not None:
            found.append((moment, record["id"], partial(renewals.bring_on, account, record)))
    found += [
        (invoice["next_payment_attempt"], invoice["id"], _retry(account, invoice["id"]))
        for invoice in account.tables["invoice"].values()
        if invoice["status"] == "open" and invoice["next_payment_attempt"]
    ]
    found += [
        (session["expires_at"], session["id"], partial(expire, account, session))
        for session in account.tables["checkout.session"].values()
        if session["status"] == "open"
    ]
    return found


def _retry(account: Account, identity: str) -> Callable[[], None]:
    def act() -> None:
        invoice = account.get("invoice", identity)
        collect(account, invoice)
        subscriptions.note_payment(account, invoice)

    return act
