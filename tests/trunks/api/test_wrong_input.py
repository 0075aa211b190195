"""Wrong addresses, networks and policies: each gets an error of its own that says what to do."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.conftest import Person
from tests.trunks.api.conftest import at, errors_of

NO_IPV4 = (
    "Write an IPv4 address as four decimal numbers from 0 to 255 without leading zeros, like 203.0.113.5."
)
URIS = {
    "": "This field may not be blank.",
    "sip.example.com": "Start the address with sip: or sips:. Write sip:sip.example.com instead of"
    " sip.example.com.",
    "sip:": "Add the carrier's host after sip:, for example sip:sip.example.com.",
    "tel:+4930123": "Start the address with sip: or sips: instead of tel:, for example sip:sip.example.com.",
    "https://sip.example.com": "Start the address with sip: or sips: instead of https:, for example"
    " sip:sip.example.com.",
    "sip://sip.example.com": "Leave out the slashes: write sip:host, not sip://host.",
    "sip:alice@sip.example.com": "Leave out the user part: write sip:host instead of sip:user@host.",
    "sip:alice:pw@sip.example.com": "Leave out the user part: write sip:host instead of sip:user@host.",
    "sip:sip.example.com?Subject=x": "Leave out everything from the ? on: a gateway address"
    " has no headers part.",
    "sip:sip.example.com%0d%0aX": "Leave out % signs: neither escapes nor IPv6 zone names can be used here.",
    "sip:a.example.com\r\nVia: x": "Remove spaces, line breaks and invisible characters from the address.",
    "sip:sip.example.com\x7f": "Remove spaces, line breaks and invisible characters from the address.",
    "sip:sip .example.com": "Remove spaces, line breaks and invisible characters from the address.",
    "<sip:sip.example.com>": "Leave out quotes and angle brackets: write sip:host, not <sip:host>.",
    "sip:sip.exämple.com": "Write the address in plain ASCII letters and digits. A domain with other letters"
    " has an ASCII form that starts with xn--: use that.",
    "sip:sip.example.com;lr": "Only ;transport=udp, ;transport=tcp or ;transport=tls may follow the host:"
    " leave out other parameters.",
    "sip:sip.example.com;transport=sctp": "Choose udp, tcp or tls as the transport, not sctp.",
    "sips:sip.example.com;transport=udp": "sips: always means TLS: choose tls as the transport, or write sip:"
    " instead of sips:.",
    "sip:sip.example.com:": "Write the port after the colon, or leave the colon out.",
    "sip:sip.example.com:0": "The port must be a number between 1 and 65535, not 0.",
    "sip:sip.example.com:70000": "The port must be a number between 1 and 65535, not 70000.",
    "sip:sip.example.com:22": "Port 22 belongs to another service and is never contacted: use the carrier's"
    " SIP port, mostly 5060, or 5061 for TLS.",
    "sip:sip.example.com:6379": "Port 6379 belongs to another service and is never contacted: use the"
    " carrier's SIP port, mostly 5060, or 5061 for TLS.",
    "sip:2130706433": NO_IPV4,
    "sip:0x7f000001": NO_IPV4,
    "sip:127.1": NO_IPV4,
    "sip:203.0.113.010": NO_IPV4,
    "sip:2001:db8::1": "Put an IPv6 address in brackets: sip:[2001:db8::1] or sip:[2001:db8::1]:5060.",
    "sip:[2001:db8::zz]": "What stands in the brackets is no IPv6 address: write it like sip:[2001:db8::1].",
    "sip:[::ffff:203.0.113.5]": "Write the IPv4 address itself: sip:203.0.113.5.",
    "sip:-a.example.com": "-a cannot be part of a host name: use letters, digits and, between them, hyphens.",
    "sip:a..example.com": "Check the dots in the host name: each part has 1 to 63 characters,"
    " all together 253.",
    "sip:_sip._udp.example.com": "Leave out the labels with an underscore: write sip:example.com; the SRV"
    " records of that name are looked up by themselves.",
    "sip:" + "a" * 300 + ".example.com": "Ensure this field has no more than 300 characters.",
}

NETWORKS = {
    "": "This field may not be blank.",
    "example.com": "Write a network such as 203.0.113.0/24 or 2001:db8::/48, or a single address.",
    "203.0.113": "Write a network such as 203.0.113.0/24 or 2001:db8::/48, or a single address.",
    "203.0.113.256": "Write a network such as 203.0.113.0/24 or 2001:db8::/48, or a single address.",
    "203.0.113.1/24": "Write 203.0.113.0/24, or 203.0.113.1/32 for the one address 203.0.113.1.",
    "203.0.113.0/33": "After the slash write a number from 1 to 32, not “33”.",
    "203.0.113.0/-1": "After the slash write a number from 1 to 32, not “-1”.",
    "203.0.113.0/255.255.255.0": "Write the length of the prefix instead of a mask: 203.0.113.0/24.",
    "0.0.0.0/0": "A network of every address would accept calls from anybody. Write your carrier's own.",
    "::/0": "A network of every address would accept calls from anybody. Write your carrier's own.",
    "239.0.0.0/24": "239.0.0.0/24 is for multicast: no call comes from there. Write your carrier's network.",
    "fe80::1%eth0": "Write digits, dots or colons only, such as 203.0.113.0/24 or 2001:db8::/48.",
    "203.0.113.0/24\r\nX: y": "Write digits, dots or colons only, such as 203.0.113.0/24 or 2001:db8::/48.",
}

POLICIES: list[tuple[dict[str, Any], str]] = [
    ({"interval_s": 14}, "Ensure this value is greater than or equal to 15."),
    ({"interval_s": 3601}, "Ensure this value is less than or equal to 3600."),
    ({"interval_s": "often"}, "A valid integer is required."),
    ({"interval_s": None}, "This field may not be null."),
    ({"interval_s": 1e400}, "A valid integer is required."),
    ({"failures_to_down": 0}, "Ensure this value is greater than or equal to 1."),
    ({"failures_to_down": 11}, "Ensure this value is less than or equal to 10."),
    ({"successes_to_up": 0}, "Ensure this value is greater than or equal to 1."),
    ({"successes_to_up": 11}, "Ensure this value is less than or equal to 10."),
    ({"interval": 30}, "Unknown field. Did you mean interval_s?"),
]


@pytest.mark.parametrize("uri", URIS)
def test_gateway_uris(api: APIClient, made: dict[str, Any], uri: str) -> None:
    response = api.post(at(made, "gateways"), {"uri": uri})
    assert (response.status_code, errors_of(response)) == (400, [("uri", URIS[uri])])


@pytest.mark.parametrize("cidr", NETWORKS)
def test_networks(api: APIClient, made: dict[str, Any], cidr: str) -> None:
    response = api.post(at(made, "networks"), {"cidr": cidr})
    assert (response.status_code, errors_of(response)) == (400, [("cidr", NETWORKS[cidr])])


@pytest.mark.parametrize(("policy", "message"), POLICIES)
def test_policies(api: APIClient, made: dict[str, Any], policy: dict[str, Any], message: str) -> None:
    body = '{"interval_s": 1e400}' if policy == {"interval_s": 1e400} else None
    response = (
        api.patch(at(made, "health-policy"), policy, headers={"If-Match": '"1"'})
        if body is None
        else api.patch(
            at(made, "health-policy"), body, content_type="application/json", headers={"If-Match": '"1"'}
        )
    )
    assert (response.status_code, errors_of(response)) == (400, [(next(iter(policy)), message)])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "a\r\nVia: x"),
        ("username", "a\x00b"),
        ("realm", "a\tb"),
        ("secret", "a\nb"),
        ("secret", "\u2028"),
    ],
)
def test_nothing_that_reaches_sip_holds_control_characters(
    api: APIClient, made: dict[str, Any], field: str, value: str
) -> None:
    body = {"username": "u", "secret": "s", field: value}
    response = api.post(at(made, "credentials"), body)
    assert response.status_code == 400
    assert [wrong for wrong, _message in errors_of(response)] == [field]


def test_a_refusal_names_the_missing_capability(alice: Person) -> None:
    refused = alice.api("trunks:read").post("/api/v1/trunks/", {"name": "Main line"})
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "This needs the capability trunks:write, which this API key was not given.",
    )
