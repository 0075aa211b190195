"""Which request does what: addresses, the parameters that each knows, keys, lists, expansion."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from callsphere.local.doubles.stripe import (
    catalogue,
    checkout,
    customers,
    forms,
    portal,
    returns,
    schedules,
    subscriptions,
)
from callsphere.local.doubles.stripe.account import API_VERSION, KINDS, Account, Record, shown
from callsphere.local.doubles.stripe.faults import ApiError

Params = dict[str, Any]
_EVERYWHERE = {"expand", "metadata"}
_PAGE = {"limit", "starting_after", "ending_before", "expand"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One request that is understood. `act` gets the ids of the address, then the parameters."""

    method: str
    address: re.Pattern[str]
    known: frozenset[str]
    act: Callable[..., Record]


def _operation(method: str, path: str, known: str, act: Callable[..., Record]) -> Operation:
    pattern = re.compile("/v1/" + path.replace("{id}", r"([\w.]+)"))
    return Operation(method, pattern, frozenset(known.split()), act)


def _get(kind: str) -> Callable[..., Record]:
    return lambda account, identity, _params: account.get(kind, identity)


def _returns(kind: str) -> Callable[..., Record]:
    return lambda account, params: _list(returns.list_returns(kind, account, params), params)


_SUBSCRIPTION = "items metadata trial_period_days trial_settings default_payment_method automatic_tax"
OPERATIONS = (
    _operation("POST", "products", "id name description tax_code", catalogue.create_product),
    _operation("GET", "products/{id}", "", _get("product")),
    _operation(
        "POST",
        "prices",
        "product currency unit_amount recurring lookup_key nickname tax_behavior",
        catalogue.create_price,
    ),
    _operation("GET", "prices/{id}", "", _get("price")),
    _operation("GET", "prices", "lookup_keys active", lambda a, p: _list(catalogue.list_prices(a, p), p)),
    _operation("POST", "customers", "name email address description", customers.create_customer),
    _operation("GET", "customers/{id}", "", _get("customer")),
    _operation("POST", "customers/{id}", "name email address description", customers.update_customer),
    _operation(
        "POST",
        "checkout/sessions",
        "mode line_items customer customer_email client_reference_id success_url cancel_url"
        " payment_method_collection subscription_data automatic_tax billing_address_collection"
        " tax_id_collection customer_update allow_promotion_codes",
        checkout.create_session,
    ),
    _operation("GET", "checkout/sessions/{id}", "", _get("checkout.session")),
    _operation(
        "POST",
        "checkout/sessions/{id}/expire",
        "",
        lambda a, key, _p: checkout.expire(a, a.get("checkout.session", key)),
    ),
    _operation("POST", "billing_portal/sessions", "customer return_url flow_data", portal.open_session),
    _operation("POST", "subscriptions", f"customer {_SUBSCRIPTION}", subscriptions.create_subscription),
    _operation("GET", "subscriptions", "customer status", lambda a, p: _list(_subscriptions(a, p), p)),
    _operation("GET", "subscriptions/{id}", "", _get("subscription")),
    _operation(
        "POST",
        "subscriptions/{id}",
        "items cancel_at_period_end trial_end proration_behavior payment_behavior default_payment_method",
        subscriptions.update_subscription,
    ),
    _operation("DELETE", "subscriptions/{id}", "", lambda a, key, _p: subscriptions.cancel_now(a, key)),
    _operation("POST", "subscription_schedules", "from_subscription", schedules.create_schedule),
    _operation(
        "POST",
        "subscription_schedules/{id}",
        "phases end_behavior proration_behavior",
        schedules.update_schedule,
    ),
    _operation(
        "POST",
        "subscription_schedules/{id}/release",
        "",
        lambda a, key, _p: subscriptions.release(a, a.get("subscription_schedule", key)),
    ),
    _operation("GET", "invoices", "customer status subscription", lambda a, p: _list(_invoices(a, p), p)),
    _operation("GET", "invoices/{id}", "", _get("invoice")),
    _operation("GET", "invoice_payments", "payment invoice status", lambda a, p: _list(_payments(a, p), p)),
    _operation("POST", "refunds", "payment_intent charge amount reason", returns.create_refund),
    _operation("GET", "refunds", "charge payment_intent", _returns("refund")),
    _operation("GET", "refunds/{id}", "", _get("refund")),
    _operation("GET", "disputes", "charge payment_intent", _returns("dispute")),
    _operation("GET", "disputes/{id}", "", _get("dispute")),
    _operation(
        "GET",
        "charges",
        "customer payment_intent created",
        lambda a, p: _list(returns.list_charges(a, p), p),
    ),
    _operation("GET", "charges/{id}", "", _get("charge")),
    _operation("GET", "payment_methods/{id}", "", _get("payment_method")),
    _operation("GET", "events", "type", lambda a, p: _list(a.events[::-1], p)),
    _operation("GET", "events/{id}", "", lambda a, key, _p: _event(a, key)),
)


def answer(
    account: Account, *, key: str, method: str, path: str, text: str, headers: Mapping[str, str]
) -> tuple[int, Record]:
    """Return status and body for a request; `text` is its form or query."""
    with account.lock:
        try:
            _check_caller(key, headers)
            return _answer(account, method, path, text, headers.get("Idempotency-Key", ""))
        except ApiError as error:
            return error.status, error.body
        finally:
            account.save()


def _answer(account: Account, method: str, path: str, text: str, idempotency_key: str) -> tuple[int, Record]:
    fingerprint = hashlib.sha256(f"{method} {path}\n{text}".encode()).hexdigest()
    earlier = account.answers.get(idempotency_key) if method == "POST" and idempotency_key else None
    if earlier is not None:
        if earlier[0] != fingerprint:
            raise ApiError(
                400,
                f"Keys for idempotent requests can only be used with the same parameters they were first used"
                f" with. Try using a key other than '{idempotency_key}'.",
                kind="idempotency_error",
            )
        return earlier[1], earlier[2]
    status, body = _done(account, method, path, forms.parse(text))
    if method == "POST" and idempotency_key:
        account.answers[idempotency_key] = [fingerprint, status, body]
    return status, body


def _done(account: Account, method: str, path: str, params: Params) -> tuple[int, Record]:
    for operation in OPERATIONS:
        match = operation.address.fullmatch(path)
        if match is None or operation.method != method:
            continue
        known = operation.known | _EVERYWHERE | (_PAGE if method == "GET" else set())
        for name in params:
            if name not in known:
                raise ApiError(
                    400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name
                )
        try:
            found = operation.act(account, *match.groups(), params)
        except ApiError as error:
            # A refusal by the bank is an answer too, and is kept under its key like any other.
            if error.status == 402:
                return error.status, error.body
            raise
        except KeyError as error:
            name = str(error.args[0])
            raise ApiError(
                400, f"Missing required param: {name}.", code="parameter_missing", param=name
            ) from None
        body = shown(found)
        for place in params.get("expand", []):
            _expand(account, body, place.split("."))
        return 200, body
    raise ApiError(404, f"Unrecognized request URL ({method}: {path}).")


def _check_caller(key: str, headers: Mapping[str, str]) -> None:
    if headers.get("Authorization", "") != f"Bearer {key}":
        raise ApiError(401, "Invalid API Key provided.", code="api_key_invalid")
    version = headers.get("Stripe-Version", API_VERSION)
    if version != API_VERSION:
        raise ApiError(400, f"Invalid Stripe API version: {version}. The stand-in speaks {API_VERSION}.")


def _list(records: list[Record], params: Params) -> Record:
    after = params.get("starting_after")
    if after:
        ids = [record["id"] for record in records]
        if after not in ids:
            raise ApiError(400, f"No such object: '{after}'", code="resource_missing", param="starting_after")
        records = records[ids.index(after) + 1 :]
    limit = int(params.get("limit", 10))
    return {
        "object": "list",
        "data": [shown(record) for record in records[:limit]],
        "has_more": len(records) > limit,
        "url": "/v1/",
    }


def _subscriptions(account: Account, params: Params) -> list[Record]:
    status = params.get("status")
    found = account.all("subscription", **_given(params, "customer"))
    if status is None:
        return [each for each in found if each["status"] != "canceled"]
    return found if status == "all" else [each for each in found if each["status"] == status]


def _invoices(account: Account, params: Params) -> list[Record]:
    found = account.all("invoice", **_given(params, "customer", "status"))
    wanted = params.get("subscription")
    return [
        each
        for each in found
        if wanted is None or each["parent"]["subscription_details"]["subscription"] == wanted
    ]


def _payments(account: Account, params: Params) -> list[Record]:
    intent = params.get("payment", {}).get("payment_intent")
    found = account.all("invoice_payment", **_given(params, "invoice", "status"))
    return [each for each in found if intent is None or each["payment"]["payment_intent"] == intent]


def _event(account: Account, identity: str) -> Record:
    for event in account.events:
        if event["id"] == identity:
            return event
    raise ApiError(404, f"No such event: '{identity}'", code="resource_missing", param="id")


def _given(params: Params, *names: str) -> Params:
    return {name: params[name] for name in names if name in params}


def _expand(account: Account, place: Any, path: list[str]) -> None:
    """Put the object in the place of its id."""
    name, rest = path[0], path[1:]
    if isinstance(place, list):
        for each in place:
            _expand(account, each, path)
        return
    value = place.get(name)
    if isinstance(value, str):
        kind = KINDS.get(value.rpartition("_")[0].removesuffix("_test"))
        found = account.tables[kind].get(value) if kind else None
        if found is None:
            raise ApiError(400, f"This property cannot be expanded ({name}).", param="expand")
        place[name] = value = shown(found)
    if rest and value is not None:
        _expand(account, value, rest)


def plain(body: Record) -> bytes:
    """Return a body as it travels."""
    return json.dumps(copy.copy(body)).encode()
