"""SIP domains, IP access control lists, credential lists, and what maps them to each other."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address

from callsphere.local.doubles.twilio.messages import Row, invalid
from callsphere.local.doubles.twilio.resources import Deed, Rules

DOMAINS = "api/SIP/Domains"
IP_LISTS = "api/SIP/IpAccessControlLists"
IP_ADDRESSES = "api/SIP/IpAccessControlLists/{IpAccessControlListSid}/IpAddresses"
CREDENTIAL_LISTS = "api/SIP/CredentialLists"
CREDENTIALS = "api/SIP/CredentialLists/{CredentialListSid}/Credentials"
_AUTH = "api/SIP/Domains/{DomainSid}/Auth"
DOMAIN_IP_LISTS = f"{_AUTH}/Calls/IpAccessControlListMappings"
DOMAIN_CREDENTIALS = f"{_AUTH}/Calls/CredentialListMappings"
DOMAIN_REGISTRATIONS = f"{_AUTH}/Registrations/CredentialListMappings"
TRUNK_IP_LISTS = "trunking/Trunks/{TrunkSid}/IpAccessControlLists"
TRUNK_CREDENTIALS = "trunking/Trunks/{TrunkSid}/CredentialLists"
_MOST_ADDRESSES = 25
_LONGEST_NAME = 64
_SHORTEST_PASSWORD = 12


def _check_domain(deed: Deed, row: Row) -> None:
    name = row["domain_name"].lower()
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)*\.sip\.twilio\.com", name):
        raise invalid(21232, "Invalid Domain: DomainName must end with sip.twilio.com")
    other = deed.store.find(DOMAINS, domain_name=name)
    if other and other["sid"] != row["sid"]:
        raise invalid(21231, f"Domain Validation Error: {name} already exists")
    trunk = row.get("byoc_trunk_sid")
    own = deed.account["sid"]
    if trunk and deed.store.find("voice/ByocTrunks", account_sid=own, sid=trunk) is None:
        raise invalid(21231, f"Domain Validation Error: {trunk} is not a BYOC trunk of this account")
    row["domain_name"] = name
    row["auth_type"] = _auth_type(deed, row)


def _auth_type(deed: Deed, row: Row) -> str:
    kinds = {DOMAIN_IP_LISTS: "IP_ACL", DOMAIN_CREDENTIALS: "CREDENTIAL_LIST"}
    return ",".join(kind for name, kind in kinds.items() if deed.store.find(name, domain_sid=row["sid"]))


def _show_domain(deed: Deed, row: Row) -> None:
    row["auth_type"] = _auth_type(deed, row)


def _forget_mappings(deed: Deed, row: Row) -> None:
    for name in (DOMAIN_IP_LISTS, DOMAIN_CREDENTIALS, DOMAIN_REGISTRATIONS):
        deed.store.remove(name, domain_sid=row["sid"])


def _check_ip_list(deed: Deed, row: Row) -> None:
    if not 0 < len(row["friendly_name"]) <= _LONGEST_NAME:
        raise invalid(21235, "IP Access Control List Validation Error: FriendlyName has 1 to 64 characters")
    _check_name_is_free(deed, row, IP_LISTS, 21235)


def _check_credential_list(deed: Deed, row: Row) -> None:
    if not 0 < len(row["friendly_name"]) <= _LONGEST_NAME:
        raise invalid(21240, "Credential List Validation Error: FriendlyName has 1 to 64 characters")
    _check_name_is_free(deed, row, CREDENTIAL_LISTS, 21240)


def _check_name_is_free(deed: Deed, row: Row, collection: str, code: int) -> None:
    own = deed.account["sid"]
    other = deed.store.find(collection, account_sid=own, friendly_name=row["friendly_name"])
    if other and other["sid"] != row["sid"]:
        raise invalid(code, f"Validation Error: FriendlyName {row['friendly_name']} already exists")


def _keep_used_ip_list(deed: Deed, row: Row) -> None:
    if any(deed.store.find(name, sid=row["sid"]) for name in (DOMAIN_IP_LISTS, TRUNK_IP_LISTS)):
        raise invalid(21236, "IP Access Control List Dependencies Violation: it is in use")
    deed.store.remove(IP_ADDRESSES, ip_access_control_list_sid=row["sid"])


def _keep_used_credential_list(deed: Deed, row: Row) -> None:
    users = (DOMAIN_CREDENTIALS, DOMAIN_REGISTRATIONS, TRUNK_CREDENTIALS)
    if any(deed.store.find(name, sid=row["sid"]) for name in users):
        raise invalid(21241, "Credential List Dependencies Violation: it is in use")
    deed.store.remove(CREDENTIALS, credential_list_sid=row["sid"])


def _check_address(deed: Deed, row: Row) -> None:
    try:
        IPv4Address(row["ip_address"])
    except AddressValueError:
        raise invalid(21238, "Address Validation Error: IpAddress is an IPv4 address") from None
    if row["cidr_prefix_length"] is None:
        row["cidr_prefix_length"] = 32
    if not 0 < row["cidr_prefix_length"] <= 32:
        raise invalid(21238, "Address Validation Error: CidrPrefixLength is from 1 to 32")
    same = list(deed.store.all(IP_ADDRESSES, ip_access_control_list_sid=row["ip_access_control_list_sid"]))
    if row["sid"] not in {each["sid"] for each in same} and len(same) >= _MOST_ADDRESSES:
        raise invalid(21237, "Maximum IP Addresses Reached for List")
    network = (row["ip_address"], row["cidr_prefix_length"])
    if any(
        (each["ip_address"], each["cidr_prefix_length"]) == network
        for each in same
        if each["sid"] != row["sid"]
    ):
        raise invalid(21238, "Address Validation Error: the address is in the list already")


def _check_credential(deed: Deed, row: Row) -> None:
    password = row.pop("password", None)
    if password is not None:
        if (
            len(password) < _SHORTEST_PASSWORD
            or not re.search(r"\d", password)
            or password.lower() == password
            or password.upper() == password
        ):
            raise invalid(
                21243, "Credential Validation Error: Password has at least 12 characters, a digit, mixed case"
            )
        row["_password"] = password
    own = {"credential_list_sid": row["credential_list_sid"], "username": row["username"]}
    other = deed.store.find(CREDENTIALS, **own)
    if other and other["sid"] != row["sid"]:
        raise invalid(21243, f"Credential Validation Error: Username {row['username']} already exists")


RULES = {
    DOMAINS: Rules(
        defaults={
            "voice_method": "POST",
            "voice_fallback_method": "POST",
            "voice_status_callback_method": "POST",
            "sip_registration": False,
            "emergency_calling_enabled": False,
            "secure": False,
            "api_version": "2010-04-01",
        },
        creating=_check_domain,
        changing=_check_domain,
        deleting=_forget_mappings,
        shown=_show_domain,
    ),
    IP_LISTS: Rules(creating=_check_ip_list, changing=_check_ip_list, deleting=_keep_used_ip_list),
    CREDENTIAL_LISTS: Rules(
        creating=_check_credential_list, changing=_check_credential_list, deleting=_keep_used_credential_list
    ),
    IP_ADDRESSES: Rules(creating=_check_address, changing=_check_address),
    CREDENTIALS: Rules(creating=_check_credential, changing=_check_credential),
    DOMAIN_IP_LISTS: Rules(links_to=IP_LISTS),
    DOMAIN_CREDENTIALS: Rules(links_to=CREDENTIAL_LISTS),
    DOMAIN_REGISTRATIONS: Rules(links_to=CREDENTIAL_LISTS),
}
