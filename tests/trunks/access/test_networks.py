"""The list of networks from which calls are accepted."""

import pytest
from django.core.exceptions import ValidationError

from callsphere.lib.errors import VersionConflict
from tenants.models import AuditEvent, Tenant
from tests.conftest import Person
from trunks import services
from trunks.models import AllowedNetwork, Trunk

LOCAL = "holds private or local addresses: calls from the internet never come from there."


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("203.0.113.0/24", "203.0.113.0/24"),
        (" 203.0.113.5 ", "203.0.113.5/32"),
        ("2001:DB8:0:0::/48", "2001:db8::/48"),
        ("2001:db8::5", "2001:db8::5/128"),
    ],
)
def test_networks_are_normalised(
    in_acme: Tenant, alice: Person, trunk: Trunk, text: str, stored: str
) -> None:
    network, warnings = services.add_allowed_network(
        tenant=in_acme, actor=alice.actor, trunk=trunk, cidr=text, note="Frankfurt"
    )
    assert (network.cidr, network.note, network.wide_confirmed, warnings) == (stored, "Frankfurt", False, [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Write a network such as 203.0.113.0/24 or 2001:db8::/48, or a single address."),
        ("example.com", "Write a network such as 203.0.113.0/24 or 2001:db8::/48, or a single address."),
        ("203.0.113.7/24", "Write 203.0.113.0/24, or 203.0.113.7/32 for the one address 203.0.113.7."),
        ("2001:db8::1/48", "Write 2001:db8::/48, or 2001:db8::1/128 for the one address 2001:db8::1."),
        ("203.0.113.0/33", "After the slash write a number from 1 to 32, not “33”."),
        ("203.0.113.0/", "After the slash write a number from 1 to 32, not “”."),
        ("2001:db8::/129", "After the slash write a number from 1 to 128, not “129”."),
        (
            "203.0.113.0/255.255.255.0",
            "Write the length of the prefix instead of a mask: 203.0.113.0/24.",
        ),
        (
            "0.0.0.0/0",
            "A network of every address would accept calls from anybody. Write your carrier's own.",
        ),
        ("::/0", "A network of every address would accept calls from anybody. Write your carrier's own."),
        ("203.0.113.010", "Write a network such as 203.0.113.0/24 or 2001:db8::/48, or a single address."),
        (
            "fe80::1%eth0",
            "Write digits, dots or colons only, such as 203.0.113.0/24 or 2001:db8::/48.",
        ),
        ("::ffff:203.0.113.0/120", "Write the IPv4 network itself: 203.0.113.0/24."),
        (
            "224.0.0.0/24",
            "224.0.0.0/24 is for multicast: no call comes from there. Write your carrier's network.",
        ),
    ],
)
def test_wrong_networks_say_what_to_write(
    in_acme: Tenant, alice: Person, trunk: Trunk, text: str, message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        services.add_allowed_network(tenant=in_acme, actor=alice.actor, trunk=trunk, cidr=text)
    assert caught.value.message_dict == {"cidr": [message]}


@pytest.mark.parametrize(
    ("cidr", "size"),
    [
        ("203.0.0.0/16", "203.0.0.0/16 is 65,536 addresses."),
        (
            "2001:db8::/32",
            "2001:db8::/32 is 2^96 addresses, as many as 65,536 networks of /48.",
        ),
    ],
)
def test_a_wide_network_must_be_confirmed(
    in_acme: Tenant, alice: Person, trunk: Trunk, cidr: str, size: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        services.add_allowed_network(tenant=in_acme, actor=alice.actor, trunk=trunk, cidr=cidr)
    assert list(caught.value.message_dict) == ["wide_confirmed"]
    assert caught.value.message_dict["wide_confirmed"][0].startswith(size)
    assert caught.value.error_dict["wide_confirmed"][0].code == "confirm_wide"
    network, _warnings = services.add_allowed_network(
        tenant=in_acme, actor=alice.actor, trunk=trunk, cidr=cidr, wide_confirmed=True
    )
    assert network.wide_confirmed


def test_the_same_network_twice_is_refused(in_acme: Tenant, alice: Person, trunk: Trunk) -> None:
    services.add_allowed_network(tenant=in_acme, actor=alice.actor, trunk=trunk, cidr="203.0.113.0/24")
    with pytest.raises(ValidationError) as caught:
        services.add_allowed_network(tenant=in_acme, actor=alice.actor, trunk=trunk, cidr="203.0.113.0/24")
    assert caught.value.message_dict == {"cidr": ["This network is on the list."]}


def test_overlaps_and_private_networks_warn(in_acme: Tenant, alice: Person, trunk: Trunk) -> None:
    for cidr, expected in [
        ("198.51.100.0/25", []),
        ("198.51.100.0/26", ["198.51.100.0/26 lies inside 198.51.100.0/25, which is on the list already."]),
        (
            "198.51.100.0/24",
            [
                "198.51.100.0/24 covers 198.51.100.0/25, which is on the list too.",
                "198.51.100.0/24 covers 198.51.100.0/26, which is on the list too.",
            ],
        ),
        (
            "192.168.7.0/24",
            [
                f"192.168.7.0/24 {LOCAL}",
            ],
        ),
        (
            "::1",
            [f"::1/128 {LOCAL}"],
        ),
    ]:
        _network, warnings = services.add_allowed_network(
            tenant=in_acme, actor=alice.actor, trunk=trunk, cidr=cidr
        )
        assert sorted(warnings) == expected


def test_another_wide_network_needs_another_confirmation(
    in_acme: Tenant, alice: Person, trunk: Trunk
) -> None:
    network, _warnings = services.add_allowed_network(
        tenant=in_acme, actor=alice.actor, trunk=trunk, cidr="203.0.0.0/16", wide_confirmed=True
    )
    with pytest.raises(ValidationError, match="wide_confirmed"):
        services.update_allowed_network(
            tenant=in_acme, actor=alice.actor, network=network, expected_version=1, cidr="198.0.0.0/8"
        )
    changed, _warnings = services.update_allowed_network(
        tenant=in_acme, actor=alice.actor, network=network, expected_version=1, note="Paris"
    )
    assert (changed.cidr, changed.wide_confirmed, changed.version) == ("203.0.0.0/16", True, 2)
    changed, _warnings = services.update_allowed_network(
        tenant=in_acme, actor=alice.actor, network=network, expected_version=2, cidr="203.0.113.0/24"
    )
    assert (changed.cidr, changed.wide_confirmed, changed.version) == ("203.0.113.0/24", False, 3)


def test_lost_updates_are_refused_and_deletion_is_audited(
    in_acme: Tenant, alice: Person, trunk: Trunk
) -> None:
    network, _warnings = services.add_allowed_network(
        tenant=in_acme, actor=alice.actor, trunk=trunk, cidr="203.0.113.0/24"
    )
    with pytest.raises(VersionConflict):
        services.update_allowed_network(
            tenant=in_acme, actor=alice.actor, network=network, expected_version=9, note="x"
        )
    services.delete_allowed_network(tenant=in_acme, actor=alice.actor, network=network, expected_version=1)
    assert AllowedNetwork.objects.count() == 0
    assert AuditEvent.objects.get(verb="allowed_network.deleted").changes["cidr"] == ["203.0.113.0/24", None]
