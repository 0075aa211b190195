"""Tools of the tenant's own. What is secret goes in and is never shown again."""

from __future__ import annotations

import base64
import json
import re
import secrets
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from agents.enums import BuiltinTool
from agents.models import Tool
from agents.models.tools import LONGEST_ENDPOINT, TOOL_NAME
from agents.parameters import check_schema
from agents.queries import agents_using_tool
from callsphere.lib.crypto import Sealed
from callsphere.lib.errors import Refused
from callsphere.lib.guarded_http import HTTPS_PORTS
from callsphere.lib.netguard import AddressPolicy, AddressRefused, is_numeric
from tenants.audit import Actor, record_event, snapshot
from tenants.keys import seal_for
from tenants.models import Tenant
from tenants.services.editing import (
    FieldErrors,
    check_names,
    check_room,
    check_version,
    field_error,
    insert,
    lock_tenant,
    locked,
    name_fields_of_constraints,
    one_line,
    save_edit,
)

TOOLS_PER_TENANT = 100
MOST_HEADERS = 10
LONGEST_HEADER = 2_000
EDITABLE = ("name", "description", "parameters", "endpoint", "timeout_s", "is_idempotent")
AUDITED = (*EDITABLE, "header_names", "headers_set_at")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_OURS = {
    *("host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection"),
    *("te", "trailer", "upgrade", "expect", "keep-alive", "proxy-authorization", "proxy-connection"),
    *("accept", "accept-encoding", "user-agent", "cookie"),
    *("webhook-id", "webhook-timestamp", "webhook-signature"),
}
name_fields_of_constraints(
    {"tool_name_once": "name", "tool_name_usable": "name", "tool_endpoint_http": "endpoint"}
)


def create_tool(
    *,
    tenant: Tenant,
    actor: Actor,
    name: str,
    endpoint: str,
    secret_headers: Mapping[str, str] | None = None,
    **fields: Any,
) -> tuple[Tool, str]:
    """Make a tool; return it with its signing secret (`whsec_…`), which is told this once.

    Raises ValidationError by field, and LimitReached.
    """
    check_names(fields, EDITABLE)
    tool, wrong = Tool(tenant=tenant), FieldErrors()
    with transaction.atomic():
        rows = Tool.objects.filter(tenant=lock_tenant(tenant), deleted_at=None)
        check_room(rows, TOOLS_PER_TENANT, f"You have {TOOLS_PER_TENANT} tools. Delete one first.")
        secret = _sign_anew(tool)
        given = {"description": "", "parameters": {"type": "object", "properties": {}}, **fields}
        _apply(tool, {"name": name, "endpoint": endpoint, **given}, secret_headers, wrong)
        insert(tool, tenant=tenant, actor=actor, verb="tool.created", fields=AUDITED, wrong=wrong)
    return tool, secret


def edit_tool(
    *,
    tenant: Tenant,
    actor: Actor,
    tool: Tool,
    expected_version: int | None,
    secret_headers: Mapping[str, str] | None = None,
    **changes: Any,
) -> Tool:
    """Change a tool; return it as stored. What the model is told of it changes when agents are published.

    `secret_headers` replace the stored ones, all of them. Another host of the endpoint forgets them, unless
    new ones come along. Raises ValidationError by field, VersionConflict, and Refused when it is gone.
    """
    check_names(changes, EDITABLE)
    with transaction.atomic():
        row = lock_tool(tenant, tool.pk)
        check_version(row, expected_version, changes)
        before, wrong = snapshot(row, AUDITED), FieldErrors()
        _apply(row, changes, secret_headers, wrong)
        save_edit(row, before, tenant=tenant, actor=actor, verb="tool.updated", wrong=wrong)
    return row


def delete_tool(*, tenant: Tenant, actor: Actor, tool: Tool, expected_version: int | None = None) -> None:
    """Take a tool away, and destroy its secrets; what the log says of it stays.

    Raises VersionConflict, and Refused when it is gone, or while an agent uses it: in its draft, or in a
    version that answers calls, published or pinned.
    """
    with transaction.atomic():
        row = lock_tool(tenant, tool.pk)
        check_version(row, expected_version, {})
        users = [agent.name for agent in agents_using_tool(row)]
        if users:
            named = ", ".join(users[:5])
            words = f"Take it from these agents first, publish them, and pin no version with it: {named}."
            raise Refused(words, code="tool_in_use")
        row.deleted_at = timezone.now()
        _forget_headers(row)
        row.signing_secret = seal_for(row, "signing_secret", "")
        row.version += 1
        row.save()
        record_event(tenant=tenant, actor=actor, verb="tool.deleted", obj=row)


def renew_signing_secret(
    *, tenant: Tenant, actor: Actor, tool: Tool, expected_version: int | None
) -> tuple[Tool, str]:
    """Sign with another secret from now on; return the tool with it, which is told this once.

    Raises VersionConflict, and Refused when the tool is gone.
    """
    with transaction.atomic():
        row = lock_tool(tenant, tool.pk)
        check_version(row, expected_version, {})
        secret = _sign_anew(row)
        row.version += 1
        row.save(update_fields=["signing_secret", "version", "updated_at"])
        record_event(tenant=tenant, actor=actor, verb="tool.signing_secret_renewed", obj=row)
    return row, secret


def lock_tool(tenant: Tenant, pk: uuid.UUID) -> Tool:
    """Return a tool, locked until the transaction ends. Raises Refused when it is gone."""
    row = locked(Tool, tenant, pk)
    if row.deleted_at is not None:
        raise Refused("This tool was deleted in the meantime.", code="deleted_meanwhile")
    return row


def _apply(
    tool: Tool, changes: Mapping[str, Any], headers: Mapping[str, str] | None, wrong: FieldErrors
) -> None:
    before = _host(tool.endpoint)
    for name, value in changes.items():
        with wrong.gathered():
            setattr(tool, name, _read(name, value))
    if headers is not None:
        with wrong.gathered():
            _set_headers(tool, headers)
    elif _host(tool.endpoint) != before:
        _forget_headers(tool)


def _read(name: str, value: Any) -> Any:
    if name == "name":
        return _tool_name(value)
    if name == "description":
        return one_line(name, value)
    if name == "parameters":
        return check_schema(value)
    return _endpoint(value) if name == "endpoint" else value


def _tool_name(text: str) -> str:
    name = text.strip(" ")
    if not re.fullmatch(TOOL_NAME, name):
        raise field_error("name", "Use 1 to 64 of a-z, A-Z, 0-9, _ and -.", "name")
    if name in BuiltinTool.values:
        raise field_error("name", "A built-in tool has this name. Choose another.", "name")
    return name


def _endpoint(text: str) -> str:
    text = text.strip(" ")
    try:
        parts = urlsplit(text)
        host, port = httpx.URL(text).host, parts.port
    except (ValueError, httpx.InvalidURL):
        raise _endpoint_error("This is no address.") from None
    if (
        not host
        or not text.isascii()
        or not text.isprintable()
        or " " in text
        or len(text) > LONGEST_ENDPOINT
    ):
        raise _endpoint_error("This is no address.")
    if parts.username is not None or parts.password is not None:
        raise _endpoint_error("Leave out user name and password: enter a secret header instead.")
    if parts.fragment:
        raise _endpoint_error("Leave out # and what follows.")
    if not _operators_own(host):
        if parts.scheme != "https":
            raise _endpoint_error("Start it with https://.")
        if port is not None and port not in HTTPS_PORTS:
            raise _endpoint_error("Use port 443 or 8443.")
    return text


def _operators_own(host: str) -> bool:
    """Tell whether the operator lets this address be reached; raise for one that nobody reaches."""
    policy = AddressPolicy.from_strings(settings.NETGUARD_ALLOW)
    if not is_numeric(host):
        return False
    try:
        policy.check(host)
    except AddressRefused:
        words = f"{host} cannot be reached from the internet. Enter a public name."
        raise field_error("endpoint", words, "address_refused") from None
    return policy.is_operator_allowed(host)


def _endpoint_error(why: str) -> Exception:
    return field_error(
        "endpoint", f"{why} Write it such as https://tools.example.com/booking.", "url_invalid"
    )


def _host(endpoint: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(endpoint)
    return parts.scheme, parts.hostname, parts.port


def _set_headers(tool: Tool, headers: Mapping[str, str]) -> None:
    if len(headers) > MOST_HEADERS:
        raise field_error("secret_headers", f"Use at most {MOST_HEADERS} headers.", "max_length")
    for name, value in headers.items():
        _check_header(name, value)
    if len({name.lower() for name in headers}) != len(headers):
        raise field_error("secret_headers", "Give each header once.", "header")
    _forget_headers(tool)
    if headers:
        _keep_headers(tool, headers)


def _check_header(name: str, value: str) -> None:
    if not _HEADER_NAME.fullmatch(name):
        raise field_error("secret_headers", "Write header names with letters, digits and hyphens.", "header")
    if name.lower() in _OURS:
        raise field_error("secret_headers", f"We set {name} ourselves: leave it out.", "header")
    if not value or len(value) > LONGEST_HEADER or not (value.isascii() and value.isprintable()):
        words = f"The value of {name} has to be 1 to {LONGEST_HEADER} plain characters."
        raise field_error("secret_headers", words, "header")


def _keep_headers(tool: Tool, headers: Mapping[str, str]) -> None:
    tool.header_names = sorted(headers)
    tool.headers_set_at = timezone.now()
    tool.secret_headers = seal_for(tool, "secret_headers", json.dumps(dict(headers)))


def _forget_headers(tool: Tool) -> None:
    tool.header_names, tool.secret_headers, tool.headers_set_at = [], Sealed(""), None


def _sign_anew(tool: Tool) -> str:
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    tool.signing_secret = seal_for(tool, "signing_secret", secret)
    return secret
