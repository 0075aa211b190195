"""Creates, reads, changes, deletes and lists any resource from what the documents say of its fields.

What is special about one kind of resource is in its `Rules`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from callsphere.local.doubles.twilio.messages import Answer, Refusal, Request, Row, not_found, snake
from callsphere.local.doubles.twilio.paging import page
from callsphere.local.doubles.twilio.specification import Operation, find
from callsphere.local.doubles.twilio.store import Store, new_sid

_ACCOUNT = "/2010-04-01/Accounts/{AccountSid}/"
_CONFLICT = 20409
_FILTERS_NOT = {"PageSize", "Page", "PageToken"}


@dataclass(frozen=True, slots=True)
class Deed:
    """One request on its way: the account it acts on, the ids in its path and the form's typed fields."""

    store: Store
    operation: Operation
    request: Request
    account: Row
    ids: Mapping[str, str]
    sent: Mapping[str, Any]

    @property
    def collection(self) -> str:
        """The name under which the store keeps such rows: `trunking/Trunks`, `api/SIP/Domains`."""
        return collection_of(self.operation)

    @property
    def parents(self) -> dict[str, str]:
        """The ids of the resources above, as rows hold them: {"trunk_sid": "TK…"}."""
        return {snake(name): value for name, value in self.ids.items() if name not in {"Sid", "AccountSid"}}


def _nothing(deed: Deed, row: Row) -> None:
    """Most resources need no rule."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What one collection does beyond keeping fields. Each may raise a Refusal.

    `creating` and `changing` see the row with the new values before it is kept; `deleting` before it goes.
    `shown` may add to what is answered. `defaults` are values of fields nobody sent.
    """

    defaults: Mapping[str, Any] = field(default_factory=dict)
    creating: Callable[[Deed, Row], None] = _nothing
    changing: Callable[[Deed, Row], None] = _nothing
    deleting: Callable[[Deed, Row], None] = _nothing
    shown: Callable[[Deed, Row], None] = _nothing
    prefix: str = ""
    """How ids begin, where the documents do not say."""
    links_to: str = ""
    """The collection whose row's id a new row takes over: mappings and assignments of lists and numbers."""
    twice: int = _CONFLICT
    """The error code for linking the same again."""


def collection_of(operation: Operation) -> str:
    """Return the collection that an operation reads or writes."""
    host = operation.host.partition(".")[0]
    path = operation.path.removesuffix(".json").removesuffix("/{Sid}")
    path = path.removeprefix(_ACCOUNT).removeprefix("/2010-04-01/")
    return f"{host}/{re.sub(r'^/v[12]/', '', path)}"


def answer(deed: Deed, rules: Rules) -> Answer:
    """Do what was asked and answer it."""
    operation, one = deed.operation, "Sid" in deed.ids
    if operation.method == "DELETE":
        return _delete(deed, rules)
    if operation.method == "POST":
        row = _change(deed, rules) if one else _create(deed, rules)
    elif one:
        row = _get(deed)
    else:
        return Answer(200, page(operation, deed.request, [shown(deed, rules, row) for row in listed(deed)]))
    return Answer(operation.status, shown(deed, rules, row))


def listed(deed: Deed) -> list[Row]:
    """Return the rows of a list that its query asks for."""
    rows = deed.store.all(deed.collection, account_sid=deed.account["sid"], **deed.parents)
    wanted = {
        snake(name): values[0]
        for name, values in deed.request.query.items()
        if name not in _FILTERS_NOT and values[0]
    }
    return [row for row in rows if all(_fits(row.get(name), value) for name, value in wanted.items())]


def _fits(value: Any, wanted: str) -> bool:
    if isinstance(value, bool):
        return str(value).lower() == wanted.lower()
    return str(value) == wanted


def _get(deed: Deed) -> Row:
    row = deed.store.find(
        deed.collection, account_sid=deed.account["sid"], sid=deed.ids["Sid"], **deed.parents
    )
    if row is None:
        raise not_found(deed.request.path)
    return row


def _create(deed: Deed, rules: Rules) -> Row:
    _require_parents(deed)
    row: Row = {**_blank(deed.operation), **rules.defaults, **deed.parents}
    row |= {snake(name): value for name, value in deed.sent.items()}
    row["account_sid"] = deed.account["sid"]
    row["sid"] = _new_sid(deed, rules, row)
    row["date_created"] = row["date_updated"] = now(deed.operation)
    rules.creating(deed, row)
    deed.store.add(deed.collection, row, below="/".join(deed.parents.values()))
    return row


def _new_sid(deed: Deed, rules: Rules, row: Row) -> str:
    prefix = rules.prefix or sid_prefix(deed.operation)
    if not rules.links_to:
        return new_sid(prefix)
    sid = next(value for value in deed.sent.values() if str(value).startswith(prefix))
    linked = deed.store.find(rules.links_to, account_sid=deed.account["sid"], sid=sid)
    if linked is None:
        raise not_found(f"{rules.links_to} {sid}")
    if deed.store.find(deed.collection, sid=sid, **deed.parents):
        raise Refusal(409 if rules.twice == _CONFLICT else 400, rules.twice, f"{sid} is there already")
    row |= {name: linked[name] for name, value in row.items() if value is None and name in linked}
    return str(sid)


def _require_parents(deed: Deed) -> None:
    """The resource above must be the account's own."""
    for name, sid in deed.ids.items():
        if name in {"Sid", "AccountSid"}:
            continue
        path = deed.operation.path
        above = path[: path.index("{" + name + "}")].rstrip("/")
        collection = collection_of_path(deed.operation.host, above)
        if deed.store.find(collection, account_sid=deed.account["sid"], sid=sid) is None:
            raise not_found(deed.request.path)


def collection_of_path(host: str, path: str) -> str:
    """Return the collection at a path without its last id."""
    short = path.removeprefix(_ACCOUNT)
    return f"{host.partition('.')[0]}/{re.sub(r'^/v[12]/', '', short)}"


def _change(deed: Deed, rules: Rules) -> Row:
    row = _get(deed)
    changed = {**row, **{snake(name): value for name, value in deed.sent.items()}}
    changed["date_updated"] = now(deed.operation)
    rules.changing(deed, changed)
    row.clear()
    row.update(changed)
    return row


def _delete(deed: Deed, rules: Rules) -> Answer:
    row = _get(deed)
    rules.deleting(deed, row)
    deed.store.remove(deed.collection, sid=row["sid"], **deed.parents)
    return Answer(204)


def shown(deed: Deed, rules: Rules, row: Row) -> Row:
    """Return what an answer shows of a row: the names that the documents list, no others."""
    whole = {**row, **_places(deed, row)}
    rules.shown(deed, whole)
    return {name: whole.get(name) for name in deed.operation.answer}


def _places(deed: Deed, row: Row) -> Row:
    path = deed.request.path.removesuffix(".json")
    if not path.endswith(row["sid"]):
        path = f"{path}/{row['sid']}"
    uri = f"{path}.json" if deed.request.path.startswith("/2010-04-01/") else path
    return {"uri": uri, "url": f"https://{deed.request.host}{uri}"}


def _blank(operation: Operation) -> Row:
    return dict.fromkeys(operation.answer)


def sid_prefix(operation: Operation) -> str:
    """Return the two letters of ids in a collection, from what its single resources' paths allow."""
    path = operation.path
    single = path.replace(".json", "/{Sid}.json") if path.endswith(".json") else f"{path}/{{Sid}}"
    one = find(operation.host, "GET", single) or find(operation.host, "DELETE", single)
    if one is None:
        raise LookupError(f"{path}: the documents show no single resource")
    return str(one.in_path["Sid"]["pattern"][1:3])


def now(operation: Operation) -> str:
    """Return the time as the API generation writes it."""
    moment = datetime.now(UTC).replace(microsecond=0)
    if operation.path.startswith("/2010-04-01/"):
        return format_datetime(moment)
    return moment.isoformat().replace("+00:00", "Z")


def typed(operation: Operation, form: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the form's fields as the types that the documents give them; empty text stands for nothing."""
    found: dict[str, Any] = {}
    for name, values in form.items():
        field = operation.in_form[name]
        kind = field.get("type")
        if kind == "array":
            found[name] = values
        elif values[0] == "" and (kind != "string" or "pattern" in field):
            found[name] = None
        elif kind == "boolean":
            found[name] = values[0].lower() == "true"
        elif kind == "integer":
            found[name] = int(values[0])
        else:
            found[name] = values[0]
    return found
