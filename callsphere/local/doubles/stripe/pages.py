"""The stand-in's own pages: checkout, portal, invoice, and the clock. Each says that no card is charged."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from callsphere.local.doubles.stripe.account import Account, Record
from callsphere.local.doubles.stripe.checkout import may_leave_card_out
from callsphere.local.doubles.stripe.customers import CARDS, DECLINED_LATER

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f4f5f7; color: #1b1f27 }
main { max-width: 34rem; margin: 2rem auto; padding: 1.5rem; background: #fff; border: 1px solid #d5d9e0;
  border-radius: .75rem }
.note { background: #fff4d6; border-bottom: 1px solid #e3c878; padding: .75rem 1.25rem; text-align: center;
  margin: 0 }
h1 { font-size: 1.4rem; margin: 0 0 .25rem } h2 { font-size: 1rem; margin: 1.5rem 0 .5rem }
label { display: block; margin: .35rem 0 }
fieldset { border: 1px solid #d5d9e0; border-radius: .5rem; margin: 1rem 0; padding: .75rem 1rem }
button { font: inherit; padding: .55rem 1rem; border-radius: .5rem; border: 1px solid #1d4ed8;
  background: #1d4ed8; color: #fff; cursor: pointer }
button.quiet { background: #fff; color: #1d4ed8 } a { color: #1d4ed8 }
.actions { display: flex; gap: .75rem; flex-wrap: wrap; align-items: center; margin-top: 1rem }
.error { color: #a4161a; font-weight: 600 } table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .35rem 0; border-bottom: 1px solid #e6e8ec }
td.num { text-align: right } .muted { color: #4a5160 }
select { font: inherit; padding: .3rem; max-width: 100% }
@media (max-width: 40rem) { main { margin: 0; border-radius: 0; border-width: 0 0 1px } }
"""
_COUNTRIES = {"US": "United States (no tax)", "DE": "Germany (19 % tax)", "GB": "United Kingdom (20 % tax)"}
_RETURNS = {
    "refund": "Give it back",
    "fail_refund": "The bank sends the refund back",
    "dispute": "The customer disputes it",
    "win": "The bank decides for us",
    "lose": "The bank decides for the customer",
}
_CARDS = {
    "4242": "A card that works (•••• 4242)",
    DECLINED_LATER: "A card that is declined when it is charged (•••• 0341)",
}


def page(title: str, body: str) -> bytes:
    """Return a whole page."""
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{escape(title)}</title>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><p class=note><strong>A stand-in for Stripe.</strong>"
        " No card is charged, and nothing leaves this machine.</p>"
        f"<main>{body}</main></body></html>"
    ).encode()


def checkout_page(account: Account, session: Record, error: str = "") -> bytes:
    """Return the page on which a checkout is completed."""
    price = account.get("price", session["_price"])
    product = account.get("product", price["product"])
    days = int(session["_data"].get("trial_period_days", 0))
    today = f"{days} days free, then " if days else ""
    cards = dict(_CARDS)
    if may_leave_card_out(session):
        cards[""] = "No card: the trial simply ends"
    radios = "".join(
        f'<label><input type=radio name=card value="{value}"{" checked" if value == "4242" else ""}>'
        f" {escape(text)}</label>"
        for value, text in cards.items()
    )
    body = (
        f"<h1>{escape(product['name'])}</h1><p>{today}"
        f"{_money(price['unit_amount'], price['currency'])} a month"
        f"{' plus tax' if session['automatic_tax']['enabled'] else ''}</p>"
        f"{_error(error)}<form method=post><fieldset><legend>Pay with</legend>{radios}</fieldset>"
        f"<label>Country {_options('country', _COUNTRIES)}</label>"
        f"<div class=actions><button>{'Start the trial' if days else 'Subscribe'}</button>"
        f'<a href="{escape(session["cancel_url"])}">Back without it</a></div></form>'
    )
    return page(product["name"], body)


def portal_page(account: Account, session: Record, error: str = "") -> bytes:
    """Return the page on which a customer looks after card, subscription and invoices."""
    customer = account.get("customer", session["customer"])
    method = customer["invoice_settings"]["default_payment_method"]
    card = account.get("payment_method", method)["card"] if method else None
    known = f"Card: {card['brand']} •••• {card['last4']}" if card else "No card yet."
    cards = "".join(
        f'<form method=post style="display:inline"><input type=hidden name=card value="{last4}">'
        f"<button class=quiet>Use {CARDS[last4]} •••• {last4}</button></form> "
        for last4 in CARDS
    )
    subscriptions = "".join(_subscription(account, each) for each in _living(account, customer))
    rows = "".join(_invoice_row(each) for each in account.all("invoice", customer=customer["id"]))
    body = (
        f"<h1>{escape(customer['name'] or customer['email'] or customer['id'])}</h1>{_error(error)}"
        f"<p>{known}</p><div class=actions>{cards}</div>"
        f"<h2>Subscription</h2>{subscriptions or '<p>None.</p>'}<h2>Invoices</h2><table>{rows}</table>"
        f'<p class=actions><a href="{escape(session["return_url"] or "/")}">Back to CallSphere</a></p>'
    )
    return page("Billing", body)


def invoice_page(account: Account, invoice: Record) -> bytes:
    """Return an invoice, or a receipt once it is paid."""
    lines = "".join(
        f"<tr><td>{escape(line['description'])}<td class=num>{_money(line['amount'], invoice['currency'])}"
        for line in invoice["lines"]["data"]
    )
    taxes = "".join(
        f"<tr><td>Tax<td class=num>{_money(tax['amount'], invoice['currency'])}"
        for tax in invoice["total_taxes"]
    )
    total = f"<tr><th>Total<td class=num>{_money(invoice['total'], invoice['currency'])}"
    paid = "Paid" if invoice["status"] == "paid" else invoice["status"].capitalize()
    head = f"<h1>Invoice {invoice['number']}</h1><p>{paid} · {_date(invoice['created'])}</p>"
    returned = "".join(
        f"<tr><td>{escape(each['object'].capitalize())}, {each['status'].replace('_', ' ')}"
        f"<td class=num>{_money(each['amount'], invoice['currency'])}"
        for each in _returned(account, invoice)
    )
    buttons = (
        "".join(_button(action, text) for action, text in _RETURNS.items()) if invoice["amount_paid"] else ""
    )
    body = f"{head}<table>{lines}{taxes}{total}{returned}</table>" + (
        f"<h2>What may happen to the payment</h2><div class=actions>{buttons}</div>" if buttons else ""
    )
    return page(f"Invoice {invoice['number']}", body)


def desk_page(account: Account) -> bytes:
    """Return the page that shows the account and turns its clock."""
    days = "".join(
        f"<button name=days value={days}>+ {days} day{'s' if days > 1 else ''}</button>"
        for days in (1, 3, 7, 14, 31)
    )
    rows = "".join(
        f"<tr><td>{escape(account.get('customer', each['customer'])['name'] or each['customer'])}"
        f"<td>{each['status']}<td>until {_date(each['items']['data'][0]['current_period_end'])}"
        for each in account.all("subscription")
    )
    events = "".join(
        f"<tr><td>{_date(event['created'])}<td>{escape(event['type'])}" for event in account.events[:-16:-1]
    )
    body = (
        f"<h1>The clock</h1><p>It is {_date(account.now())} here.</p>"
        f'<form method=post action="/" class=actions>{days}</form>'
        f"<h2>Subscriptions</h2><table>{rows}</table><h2>Last events</h2><table>{events}</table>"
    )
    return page("Stand-in for Stripe", body)


def _living(account: Account, customer: Record) -> list[Record]:
    return [
        each for each in account.all("subscription", customer=customer["id"]) if each["status"] != "canceled"
    ]


def _subscription(account: Account, record: Record) -> str:
    item = record["items"]["data"][0]
    name = account.get("product", item["price"]["product"])["name"]
    end = _date(item["current_period_end"])
    if record["schedule"]:
        action = "<p class=muted>Another plan follows at the end of this period.</p>"
    elif record["cancel_at_period_end"]:
        action = _button("resume", "Keep it after all")
    else:
        action = _button("cancel", "Cancel at the end of the period")
    is_open = account.all("invoice", customer=record["customer"], status="open")
    pay = _button("pay", "Pay the open invoice") if is_open else ""
    until = "ends" if record["cancel_at_period_end"] else "until"
    return (
        f"<p>{escape(name)}: {record['status'].replace('_', ' ')}, {until} {end}</p>"
        f"<div class=actions>{pay}{action}</div>"
    )


def _returned(account: Account, invoice: Record) -> list[Record]:
    return [
        each
        for paid in account.all("invoice_payment", invoice=invoice["id"])
        for kind in ("refund", "dispute")
        for each in account.all(kind, payment_intent=paid["payment"]["payment_intent"])
    ]


def _button(action: str, text: str) -> str:
    return (
        f"<form method=post><input type=hidden name=action value={action}>"
        f"<button class=quiet>{text}</button></form>"
    )


def _invoice_row(invoice: Record) -> str:
    return (
        f'<tr><td><a href="/invoices/{invoice["id"]}">{invoice["number"]}</a><td>{_date(invoice["created"])}'
        f"<td>{invoice['status']}<td class=num>{_money(invoice['total'], invoice['currency'])}"
    )


def _options(name: str, choices: dict[str, str]) -> str:
    options = "".join(f"<option value={value}>{escape(text)}" for value, text in choices.items())
    return f"<select name={name}>{options}</select>"


def _error(text: str) -> str:
    return f"<p class=error role=alert>{escape(text)}</p>" if text else ""


def _money(amount: int, currency: str) -> str:
    sign = "-" if amount < 0 else ""
    mark = "$" if currency == "usd" else f"{currency.upper()} "
    return f"{sign}{mark}{abs(amount) / 100:,.2f}"


def _date(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%-d %b %Y, %H:%M UTC")
