"""A carrier goes down and comes back while somebody reads the trunk's page, which never reloads.

Kamailio plays the carrier over UDP, TCP and TLS; a real worker and a real beat look after it.
"""

from pathlib import Path

from playwright.sync_api import Page, expect

from tenants.context import platform_context, tenant_context
from tests.browser.conftest import Visitor
from tests.conftest import Person
from tests.e2e.workers import Background
from tests.peers.certificates import Authority
from tests.peers.kamailio import Kamailio
from trunks.models import GatewayHealth, Trunk
from trunks.services import add_gateway, create_trunk, update_health_policy


def connect(alice: Person, kamailio: Kamailio) -> Trunk:
    """Make a trunk with a gateway over each transport, looked at once and then when the test says so."""
    tenant, actor = alice.tenant, alice.actor
    with tenant_context(tenant):
        trunk = create_trunk(tenant=tenant, actor=actor, name="Kamailio", direction="outbound")
        policy = trunk.health_policy
        update_health_policy(tenant=tenant, actor=actor, policy=policy, expected_version=None, interval_s=600)
        for uri in (
            f"sip:127.0.0.1:{kamailio.port}",
            f"sip:127.0.0.1:{kamailio.port};transport=tcp",
            f"sips:127.0.0.1:{kamailio.tls_port}",
        ):
            add_gateway(tenant=tenant, actor=actor, trunk=trunk, uri=uri)
    return trunk


def look_now() -> int:
    """Let the next tick find every gateway due, as if the interval had passed; return the looks so far."""
    with platform_context("skip the waiting"):
        GatewayHealth.objects.update(next_probe_at="2000-01-01T00:00Z")
        return sum(GatewayHealth.objects.values_list("probe_count", flat=True))


def wait_for_looks(page: Page, count: int) -> None:
    """Wait until that many answers or silences are stored."""
    for _ in range(900):
        with platform_context("watch"):
            if sum(GatewayHealth.objects.values_list("probe_count", flat=True)) >= count:
                return
        page.wait_for_timeout(100)
    raise AssertionError(f"not {count} looks in 90 s")


def test_the_page_follows_the_carrier(visitor: Visitor, alice: Person, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    kamailio = Kamailio(tmp_path, authority.issue(["127.0.0.1"]))
    with kamailio, Background({"NETGUARD_ALLOW": "127.0.0.0/8", "SIP_CA_FILE": str(authority.ca_file)}):
        trunk = connect(alice, kamailio)
        page = visitor.go(f"/t/{alice.tenant.slug}/trunks/{trunk.pk}/")
        headline = page.locator("#headline")
        expect(headline).to_have_text("Up · 3 of 3 gateways answer")
        visitor.look("kamailio-up")

        kamailio.stop()
        for _ in range(2):
            wait_for_looks(page, look_now() + 3)
        page.wait_for_timeout(6_000)  # the page has refreshed since, and two failures change nothing
        expect(headline).to_contain_text("Up")
        wait_for_looks(page, look_now() + 3)
        expect(headline).to_contain_text("Down")
        expect(page.locator("#live")).to_contain_text("The carrier refuses the connection")
        visitor.look("kamailio-down")

        kamailio.start()
        for _ in range(2):
            wait_for_looks(page, look_now() + 3)
        expect(headline).to_have_text("Up · 3 of 3 gateways answer")
