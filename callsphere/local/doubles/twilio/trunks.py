"""Elastic SIP trunks, BYOC trunks and connection policies."""

from __future__ import annotations

import re

from callsphere.local.doubles.twilio.messages import Answer, Row, invalid
from callsphere.local.doubles.twilio.numbers import NUMBERS, TRUNKS
from callsphere.local.doubles.twilio.paging import page
from callsphere.local.doubles.twilio.resources import Deed, Rules, now, shown
from callsphere.local.doubles.twilio.sip import (
    CREDENTIAL_LISTS,
    DOMAINS,
    IP_LISTS,
    TRUNK_CREDENTIALS,
    TRUNK_IP_LISTS,
)

ORIGINATION_URLS = "trunking/Trunks/{TrunkSid}/OriginationUrls"
TRUNK_NUMBERS = "trunking/Trunks/{TrunkSid}/PhoneNumbers"
BYOC_TRUNKS = "voice/ByocTrunks"
POLICIES = "voice/ConnectionPolicies"
TARGETS = "voice/ConnectionPolicies/{ConnectionPolicySid}/Targets"
_MOST_ORIGINATION_URLS = 10
_MOST_TARGETS = 10
_LONGEST_NAME = 64
_RECORDING = {"mode": "do-not-record", "trim": "do-not-trim"}


def _check_trunk(deed: Deed, row: Row) -> None:
    if len(row["friendly_name"] or "") > _LONGEST_NAME:
        raise invalid(21245, "Trunk Validation Error: FriendlyName is longer than 64 characters")
    name = row["domain_name"]
    if not name:
        return
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*\.pstn\.twilio\.com", name):
        raise invalid(21245, "Trunk Validation Error: DomainName must end with pstn.twilio.com")
    other = deed.store.find(TRUNKS, domain_name=name)
    if other and other["sid"] != row["sid"]:
        raise invalid(21248, "Trunk Domain already taken")


def _show_trunk(deed: Deed, row: Row) -> None:
    kinds = {TRUNK_IP_LISTS: "IP_ACL", TRUNK_CREDENTIALS: "CREDENTIAL_LIST"}
    row["auth_type_set"] = [
        kind for name, kind in kinds.items() if deed.store.find(name, trunk_sid=row["sid"])
    ]
    row["auth_type"] = ",".join(row["auth_type_set"])
    row["recording"] = row.get("recording") or dict(_RECORDING)


def _forget_trunk(deed: Deed, row: Row) -> None:
    for name in (ORIGINATION_URLS, TRUNK_IP_LISTS, TRUNK_CREDENTIALS):
        deed.store.remove(name, trunk_sid=row["sid"])
    for number in deed.store.all(NUMBERS, trunk_sid=row["sid"]):
        number["trunk_sid"] = None


def _check_origination_url(deed: Deed, row: Row) -> None:
    if not row["sip_url"].lower().startswith("sip:"):
        raise invalid(21245, "Trunk Validation Error: SipUrl must be a sip: URI; sips: is not supported")
    _check_order(row, 21245)
    same = {each["sid"] for each in deed.store.all(ORIGINATION_URLS, trunk_sid=row["trunk_sid"])}
    if row["sid"] not in same and len(same) >= _MOST_ORIGINATION_URLS:
        raise invalid(21249, "Maximum Origination URIs reached")


def _check_target(deed: Deed, row: Row) -> None:
    if not row["target"].lower().startswith("sip:"):
        raise invalid(20001, "Target must be a sip: URI; sips: is not supported")
    _check_order(row, 20001)
    policy = row["connection_policy_sid"]
    same = {each["sid"] for each in deed.store.all(TARGETS, connection_policy_sid=policy)}
    if row["sid"] not in same and len(same) >= _MOST_TARGETS:
        raise invalid(21254, "Max Connection Policy Entries Reached")


def _check_order(row: Row, code: int) -> None:
    if not 1 <= row["weight"] <= 65535 or not 0 <= row["priority"] <= 65535:
        raise invalid(code, "Weight is from 1 to 65535, Priority from 0 to 65535")


def _check_byoc_trunk(deed: Deed, row: Row) -> None:
    own = deed.account["sid"]
    policy, domain = row["connection_policy_sid"], row["from_domain_sid"]
    if policy and deed.store.find(POLICIES, account_sid=own, sid=policy) is None:
        raise invalid(20001, f"{policy} is not a connection policy of this account")
    if domain and deed.store.find(DOMAINS, account_sid=own, sid=domain) is None:
        raise invalid(20001, f"{domain} is not a SIP domain of this account")


def _keep_used_byoc_trunk(deed: Deed, row: Row) -> None:
    if deed.store.find(DOMAINS, byoc_trunk_sid=row["sid"]):
        raise invalid(20009, "Cannot delete this resource: a SIP domain uses the BYOC trunk")


def _keep_used_policy(deed: Deed, row: Row) -> None:
    if deed.store.find(BYOC_TRUNKS, connection_policy_sid=row["sid"]):
        raise invalid(20009, "Cannot delete this resource: a BYOC trunk uses the connection policy")
    deed.store.remove(TARGETS, connection_policy_sid=row["sid"])


def answer_trunk_numbers(deed: Deed) -> Answer:
    """A trunk's numbers are the numbers whose TrunkSid it is, seen from the other side."""
    own, trunk = deed.account["sid"], deed.ids["TrunkSid"]
    deed.store.get(TRUNKS, account_sid=own, sid=trunk)
    if deed.operation.method == "POST":
        number = deed.store.get(NUMBERS, account_sid=own, sid=deed.sent["PhoneNumberSid"])
        number["trunk_sid"], number["voice_application_sid"] = trunk, None
    elif "Sid" in deed.ids:
        number = deed.store.get(NUMBERS, account_sid=own, sid=deed.ids["Sid"], trunk_sid=trunk)
    else:
        rows = deed.store.all(NUMBERS, account_sid=own, trunk_sid=trunk)
        return Answer(200, page(deed.operation, deed.request, [shown(deed, Rules(), row) for row in rows]))
    if deed.operation.method == "DELETE":
        number["trunk_sid"] = None
        return Answer(204)
    return Answer(deed.operation.status, shown(deed, Rules(), number))


def answer_recording(deed: Deed) -> Answer:
    """Read or change how a trunk records."""
    trunk = deed.store.get(TRUNKS, account_sid=deed.account["sid"], sid=deed.ids["TrunkSid"])
    changes = {name.lower(): value for name, value in deed.sent.items()}
    trunk["recording"] = {**_RECORDING, **(trunk.get("recording") or {}), **changes}
    trunk["date_updated"] = now(deed.operation)
    return Answer(deed.operation.status, trunk["recording"])


RULES = {
    TRUNKS: Rules(
        defaults={
            "secure": False,
            "cnam_lookup_enabled": False,
            "symmetric_rtp_enabled": False,
            "transfer_mode": "disable-all",
            "transfer_caller_id": "from-transferee",
        },
        creating=_check_trunk,
        changing=_check_trunk,
        deleting=_forget_trunk,
        shown=_show_trunk,
    ),
    ORIGINATION_URLS: Rules(creating=_check_origination_url, changing=_check_origination_url),
    TRUNK_IP_LISTS: Rules(links_to=IP_LISTS, twice=21245),
    TRUNK_CREDENTIALS: Rules(links_to=CREDENTIAL_LISTS, twice=21245),
    BYOC_TRUNKS: Rules(
        defaults={
            "voice_method": "POST",
            "voice_fallback_method": "POST",
            "status_callback_method": "POST",
            "cnam_lookup_enabled": False,
        },
        creating=_check_byoc_trunk,
        changing=_check_byoc_trunk,
        deleting=_keep_used_byoc_trunk,
    ),
    POLICIES: Rules(deleting=_keep_used_policy),
    TARGETS: Rules(
        defaults={"priority": 10, "weight": 10, "enabled": True},
        creating=_check_target,
        changing=_check_target,
    ),
}
