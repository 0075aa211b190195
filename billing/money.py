"""Amounts in minor units, written as people do."""

_MARKS = {"usd": "$", "eur": "€", "gbp": "£"}
# Currencies without minor units, as Stripe counts them.
_WHOLE = {
    "bif",
    "clp",
    "djf",
    "gnf",
    "jpy",
    "kmf",
    "krw",
    "mga",
    "pyg",
    "rwf",
    "vnd",
    "vuv",
    "xaf",
    "xof",
    "xpf",
}


def price_words(amount: int, currency: str) -> str:
    """Write an amount, without cents where there are none: `$149`, `€149.50`, `-CHF 12.30`."""
    sign, whole, cents = "-" if amount < 0 else "", abs(amount), 0
    if currency not in _WHOLE:
        whole, cents = divmod(whole, 100)
    mark = _MARKS.get(currency, f"{currency.upper()} ")
    return f"{sign}{mark}{whole:,}" + (f".{cents:02d}" if cents else "")


def amount_words(amount: int, currency: str) -> str:
    """Write an amount with its cents, as invoices do: `$149.00`."""
    if currency in _WHOLE:
        return price_words(amount, currency)
    sign, (whole, cents) = "-" if amount < 0 else "", divmod(abs(amount), 100)
    return f"{sign}{_MARKS.get(currency, f'{currency.upper()} ')}{whole:,}.{cents:02d}"
