"""Phone numbers: what is for sale, and what accounts have bought."""

from __future__ import annotations

import re
from typing import Any

from callsphere.lib.e164 import is_e164
from callsphere.local.doubles.twilio.inventory import COUNTRIES, GONE_ENDING, RANGES, Range, range_of
from callsphere.local.doubles.twilio.messages import Answer, Row, invalid, not_found
from callsphere.local.doubles.twilio.resources import Deed, Rules
from callsphere.local.doubles.twilio.store import Store

NUMBERS = "api/IncomingPhoneNumbers"
ADDRESSES = "api/Addresses"
BUNDLES = "numbers/RegulatoryCompliance/Bundles"
REGULATIONS = "numbers/RegulatoryCompliance/Regulations"
TRUNKS = "trunking/Trunks"
_MOST_FOUND = 30
_LONGEST_NAME = 64


def answer_available(deed: Deed) -> Answer:
    """Answer which countries there are, or what a country has for sale."""
    country = deed.ids.get("CountryCode")
    if country is None:
        return Answer(
            200, {"countries": [_country(deed, each) for each in COUNTRIES], "uri": deed.request.path}
        )
    if country not in COUNTRIES:
        raise not_found(deed.request.path)
    kind = deed.operation.path.rpartition("/")[2].removesuffix(".json")
    rows = [
        _available(place, number)
        for place in RANGES
        if (place.country, place.kind) == (country, kind) and _place_fits(place, deed)
        for number in place.numbers()
        if _number_fits(place, number, deed) and not _owner(deed.store, number)
    ]
    size = int(_asked(deed, "PageSize") or _MOST_FOUND)
    body = {
        "available_phone_numbers": rows[: min(size, _MOST_FOUND)],
        "uri": deed.request.path,
        "next_page_uri": None,
    }
    return Answer(200, body)


def _country(deed: Deed, code: str) -> Row:
    base = f"{deed.request.path.removesuffix('.json')}/{code}"
    kinds = dict.fromkeys(place.kind for place in RANGES if place.country == code)
    names = {"TollFree": "toll_free"}
    return {
        "country_code": code,
        "country": COUNTRIES[code],
        "beta": False,
        "uri": f"{base}.json",
        "subresource_uris": {names.get(kind, kind.lower()): f"{base}/{kind}.json" for kind in kinds},
    }


def _asked(deed: Deed, name: str) -> str:
    return deed.request.query.get(name, [""])[0]


def _place_fits(place: Range, deed: Deed) -> bool:
    return (
        _asked(deed, "AreaCode") in ("", place.area_code)
        and _asked(deed, "InRegion").upper() in ("", place.region.upper())
        and _asked(deed, "InLocality").lower() in ("", place.locality.lower())
        and not (_asked(deed, "SmsEnabled").lower() == "true" and not place.sms)
        and not (_asked(deed, "MmsEnabled").lower() == "true" and place.country not in ("US", "CA"))
        and not (_asked(deed, "ExcludeAllAddressRequired").lower() == "true" and place.address != "none")
        and not (_asked(deed, "ExcludeLocalAddressRequired").lower() == "true" and place.address == "local")
    )


def _number_fits(place: Range, number: str, deed: Deed) -> bool:
    pattern = _asked(deed, "Contains").upper()
    if not pattern:
        return True
    letters = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
    wanted = re.escape(pattern.translate(letters)).replace(r"\*", r"\d").replace(r"\+", r"\+")
    return re.search(wanted, number) is not None


def _available(place: Range, number: str) -> Row:
    national = number.removeprefix("+1")
    friendly = f"({national[:3]}) {national[3:6]}-{national[6:]}" if number.startswith("+1") else number
    return {
        "friendly_name": friendly,
        "phone_number": number,
        "lata": None,
        "locality": place.locality or None,
        "rate_center": None,
        "latitude": None,
        "longitude": None,
        "region": place.region or None,
        "postal_code": None,
        "iso_country": place.country,
        "address_requirements": place.address,
        "beta": False,
        "capabilities": {"voice": True, "SMS": place.sms, "MMS": place.country in ("US", "CA")},
    }


def _owner(store: Store, number: str) -> Row | None:
    return store.find(NUMBERS, phone_number=number)


def list_numbers(deed: Deed) -> list[Row]:
    """Return the account's numbers that the query asks for; a part of a number counts, `*` is any digit."""
    rows = list(deed.store.all(NUMBERS, account_sid=deed.account["sid"]))
    number, name = _asked(deed, "PhoneNumber"), _asked(deed, "FriendlyName")
    pattern = re.compile(re.escape(number).replace(r"\*", r"\d"))
    return [row for row in rows if pattern.search(row["phone_number"]) and name in ("", row["friendly_name"])]


def _buy(deed: Deed, row: Row) -> None:
    wanted = deed.sent.get("PhoneNumber")
    if not wanted and not deed.sent.get("AreaCode"):
        raise invalid(21402, "PhoneNumber or AreaCode is required")
    number = str(wanted) if wanted else _first_free(deed)
    place = range_of(number)
    if not is_e164(number):
        raise invalid(21421, f"PhoneNumber {number} is invalid")
    if place is None or number.endswith(GONE_ENDING) or _owner(deed.store, number):
        raise invalid(21422, f"PhoneNumber {number} is not available")
    row |= {key: value for key, value in _available(place, number).items() if key in row}
    row["friendly_name"] = deed.sent.get("FriendlyName") or row["friendly_name"]
    row["capabilities"] = {
        "voice": True,
        "sms": place.sms,
        "mms": place.country in ("US", "CA"),
        "fax": False,
    }
    row |= {"origin": "twilio", "status": "in-use", "api_version": "2010-04-01", "type": place.kind.lower()}
    row["emergency_address_status"] = "unregistered"
    _check_papers(deed, row)
    _check(deed, row)


def _first_free(deed: Deed) -> str:
    area = str(deed.sent["AreaCode"])
    for place in RANGES:
        if place.area_code == area and place.kind == "Local":
            for number in place.numbers():
                if not _owner(deed.store, number) and not number.endswith(GONE_ENDING):
                    return number
    raise invalid(21452, f"No phone numbers found in area code {area}")


def _check_papers(deed: Deed, row: Row) -> None:
    """A number that needs an address is sold only with one, a local one where the law asks for that."""
    needs = row["address_requirements"]
    if needs == "none":
        return
    if not row["address_sid"]:
        raise invalid(21631, "Phone Number Requires an Address but the 'AddressSid' parameter was empty")
    address = deed.store.find(ADDRESSES, account_sid=deed.account["sid"], sid=row["address_sid"])
    if address is None:
        raise invalid(21628, "Address Validation Error: AddressSid is not an address of this account")
    place = range_of(row["phone_number"])
    if needs == "local" and place and address["iso_country"] != place.country:
        raise invalid(21615, "Phone Number Requires a Local Address")
    if needs == "local":
        _check_bundle(deed, row)


def _check_bundle(deed: Deed, row: Row) -> None:
    sid = row["bundle_sid"]
    bundle = deed.store.find(BUNDLES, account_sid=deed.account["sid"], sid=sid) if sid else None
    if bundle is None or bundle["status"] != "twilio-approved":
        raise invalid(21649, "Bundle required: give the BundleSid of an approved regulatory bundle")


def _check(deed: Deed, row: Row) -> None:
    if len(row["friendly_name"]) > _LONGEST_NAME:
        raise invalid(20002, "FriendlyName is longer than 64 characters")
    trunk = row.get("trunk_sid")
    if trunk and deed.store.find(TRUNKS, account_sid=deed.account["sid"], sid=trunk) is None:
        raise invalid(21245, f"Trunk Validation Error: {trunk} is not a trunk of this account")
    if deed.sent.get("TrunkSid"):
        row["voice_application_sid"] = None
    elif deed.sent.get("VoiceApplicationSid"):
        row["trunk_sid"] = None
    _check_emergency(deed, row)


def _check_emergency(deed: Deed, row: Row) -> None:
    sid = row.get("emergency_address_sid")
    if "EmergencyAddressSid" not in deed.sent and "EmergencyStatus" not in deed.sent:
        return
    if not sid:
        row |= {"emergency_status": "Inactive", "emergency_address_status": "unregistered"}
        return
    address = deed.store.find(ADDRESSES, account_sid=deed.account["sid"], sid=sid)
    if address is None or not address["emergency_enabled"]:
        raise invalid(22221, "Emergency address is not registered")
    row |= {"emergency_status": "Active", "emergency_address_status": "registered"}


def _change(deed: Deed, row: Row) -> None:
    moved = deed.sent.get("AccountSid")
    if moved and moved != deed.account["sid"]:
        raise invalid(21470, "Moving numbers between accounts is not played")
    row["account_sid"] = deed.account["sid"]
    _check(deed, row)


def _check_address(deed: Deed, row: Row) -> None:
    row["emergency_enabled"] = bool(row.get("emergency_enabled"))
    row["validated"] = row["verified"] = row["emergency_enabled"]
    if not re.fullmatch(r"[A-Z]{2}", row["iso_country"]):
        raise invalid(21628, f"Address Validation Error: IsoCountry {row['iso_country']} is not a country")


def _keep_used_address(deed: Deed, row: Row) -> None:
    for field in ("address_sid", "emergency_address_sid"):
        if deed.store.find(NUMBERS, account_sid=deed.account["sid"], **{field: row["sid"]}):
            raise invalid(20009, "Cannot delete this resource: a phone number uses the address")


def regulations(deed: Deed) -> list[Row]:
    """Return what the law asks for: one row for each kind of number that needs papers."""
    query = {"IsoCountry": "iso_country", "NumberType": "number_type", "EndUserType": "end_user_type"}
    wanted = {field: _asked(deed, name) for name, field in query.items() if _asked(deed, name)}
    return [
        row
        for row in _REGULATIONS
        if all(str(row[field]).lower() == value.lower() for field, value in wanted.items())
    ]


def _regulation(index: int, country: str, kind: str, end_user: str, documents: list[str]) -> dict[str, Any]:
    return {
        "sid": f"RN{index:032x}",
        "friendly_name": f"{COUNTRIES[country]}: {kind} - {end_user.title()}",
        "iso_country": country,
        "number_type": kind,
        "end_user_type": end_user,
        "requirements": {
            "end_user": [
                {"name": f"{end_user.title()} Information", "type": end_user, "fields": ["first_name"]}
            ],
            "supporting_document": [
                [{"name": name, "type": "document", "requirement_name": name.lower().replace(" ", "_")}]
                for name in documents
            ],
        },
    }


_REGULATIONS = (
    _regulation(1, "GB", "local", "business", ["Proof of Address"]),
    _regulation(3, "DE", "local", "business", ["Commercial Register Excerpt", "Proof of Address"]),
    _regulation(4, "AU", "local", "business", ["Proof of Address"]),
    _regulation(5, "AU", "mobile", "business", ["Proof of Address"]),
)

RULES = {
    NUMBERS: Rules(
        defaults={
            "voice_method": "POST",
            "sms_method": "POST",
            "voice_fallback_method": "POST",
            "status_callback_method": "POST",
            "voice_url": "",
            "voice_fallback_url": "",
            "status_callback": "",
            "voice_caller_id_lookup": False,
            "emergency_status": "Inactive",
            "voice_receive_mode": "voice",
        },
        creating=_buy,
        changing=_change,
    ),
    ADDRESSES: Rules(creating=_check_address, changing=_check_address, deleting=_keep_used_address),
    BUNDLES: Rules(defaults={"status": "draft"}),
}
