"""Demo data: a clinic with a trunk to each sandbox carrier, its people and calls, and one of support."""

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from django_otp.plugins.otp_totp.models import TOTPDevice

from billing.payments import is_simulated
from billing.queries import offered_plans
from billing.services import comp_plan, request_trial
from callsphere.local.demo_calls import make_calls
from callsphere.local.paths import write_private
from callsphere.local.sandbox.carriers import PASSWORD, USERNAME
from tenants.audit import Actor, record_event
from tenants.context import tenant_context, user_context
from tenants.enums import Role
from tenants.models import Membership, Tenant, User
from tenants.queries import memberships_of
from tenants.services import create_tenant, update_tenant
from tenants.services.own_account import PASSWORD_SET, set_password
from tenants.services.users import add_support, create_account
from trunks.enums import Authentication, CredentialDirection, Direction
from trunks.services import add_allowed_network, add_credential, add_gateway, add_registration, create_trunk

TENANT_NAME = "Harbor Dental"
TIME_ZONE = "America/Los_Angeles"
PLAN = "three"
OWNER_EMAIL = "olivia@harbordental.example"
VIEWER_EMAIL = "victor@harbordental.example"
STAFF_EMAIL = "sam@callsphere.example"
ACTOR = Actor.system("demo data")


@dataclass(frozen=True, slots=True)
class Logins:
    """How to sign in to the demo. Kept in a private file, since passwords in the database are hashes."""

    password: str
    totp_secret: str  # base32, for an authenticator app


@dataclass(frozen=True, slots=True)
class DemoTrunk:
    """A trunk to one sandbox carrier."""

    name: str
    notes: str
    uris: tuple[str, ...]
    direction: Direction = Direction.BOTH
    authentication: tuple[Authentication, ...] = (Authentication.IP_ALLOWLIST,)
    # The password with which it registers at its first gateway.
    registers_with: str = ""


def demo_trunks(base_port: int) -> tuple[DemoTrunk, ...]:
    """Return a trunk for each way in which a sandbox carrier behaves."""
    host = "127.0.0.1"
    return (
        DemoTrunk(
            "Main line",
            "A healthy carrier, over UDP, TCP and TLS.",
            (
                f"sip:{host}:{base_port + 1};transport=tls",
                f"sip:{host}:{base_port};transport=tcp",
                f"sip:{host}:{base_port}",
            ),
            authentication=(Authentication.IP_ALLOWLIST, Authentication.DIGEST),
        ),
        DemoTrunk(
            "Registered line",
            "A carrier that calls where the line registers.",
            (f"sip:{host}:{base_port + 50}",),
            authentication=(Authentication.REGISTRATION,),
            registers_with=PASSWORD,
        ),
        DemoTrunk(
            "Wrong password",
            "The same carrier, with a password that it does not take.",
            (f"sip:{host}:{base_port + 50}",),
            authentication=(Authentication.REGISTRATION,),
            registers_with="not-the-carriers-password",
        ),
        DemoTrunk("Busy carrier", "Answers every request with 503.", (f"sip:{host}:{base_port + 10}",)),
        DemoTrunk(
            "Silent carrier",
            "Never answers.",
            (f"sip:{host}:{base_port + 20}",),
            direction=Direction.OUTBOUND,
        ),
        DemoTrunk(
            "Old certificate", "Its certificate has expired.", (f"sip:{host}:{base_port + 31};transport=tls",)
        ),
        DemoTrunk(
            "Comes and goes", "Up for three minutes, silent for two.", (f"sip:{host}:{base_port + 40}",)
        ),
    )


def make_demo(logins_file: Path, base_port: int) -> Logins:
    """Make the demo once, and return how to sign in. What is there already stays as people left it."""
    if logins_file.is_file() and User.objects.filter(email=OWNER_EMAIL).exists():
        return Logins(**json.loads(logins_file.read_text()))
    password = secrets.token_urlsafe(12)
    owner = _make_user(OWNER_EMAIL, "Olivia Park", password)
    viewer = _make_user(VIEWER_EMAIL, "Victor Lane", password)
    staff = _make_user(STAFF_EMAIL, "Sam Reyes", password)
    add_support(email=staff.email, actor=ACTOR, is_superuser=True)
    device, _created = TOTPDevice.objects.update_or_create(
        user=staff, name="Demo authenticator", defaults={"confirmed": True}
    )
    logins = Logins(password, base64.b32encode(device.bin_key).decode())
    with user_context(owner.pk):
        has_tenant = memberships_of(owner).exists()
    if not has_tenant:
        _make_tenant(owner, viewer, base_port)
    write_private(logins_file, json.dumps(asdict(logins)))
    return logins


def _make_user(email: str, name: str, password: str) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        return create_account(email=email, password=password, actor=ACTOR, name=name)
    return set_password(user=user, actor=ACTOR, password=password, done=PASSWORD_SET)


def _make_tenant(owner: User, viewer: User, base_port: int) -> None:
    tenant = create_tenant(name=TENANT_NAME, owner=owner, actor=ACTOR, time_zone=TIME_ZONE)
    with tenant_context(tenant):
        member = Membership.objects.create(tenant=tenant, user=viewer, role=Role.VIEWER)
        record_event(tenant=tenant, actor=ACTOR, verb="member.joined", obj=member)
        _give_plan(tenant)
        for demo in demo_trunks(base_port):
            _make_trunk(tenant, demo)
        tenant.refresh_from_db()  # the plan gave it room
        make_calls(tenant, ACTOR)


def _give_plan(tenant: Tenant) -> None:
    """Begin a trial, as the owner would; where a real account is asked for money, support gives the plan."""
    plan = offered_plans().get(code=PLAN)
    if is_simulated():
        # The worker tells the stand-in as soon as both run; the room is there at once.
        request_trial(tenant=tenant, actor=ACTOR, plan=PLAN)
        update_tenant(tenant=tenant, actor=ACTOR, expected_version=None, reason="demo data", **plan.limits)
    else:
        comp_plan(tenant=tenant, actor=ACTOR, plan=plan, reason="demo data")


def _make_trunk(tenant: Tenant, demo: DemoTrunk) -> None:
    trunk = create_trunk(
        tenant=tenant,
        actor=ACTOR,
        name=demo.name,
        direction=demo.direction,
        authentication=demo.authentication,
        notes=demo.notes,
    )
    for priority, uri in enumerate(demo.uris, start=1):
        add_gateway(tenant=tenant, actor=ACTOR, trunk=trunk, uri=uri, priority=priority * 10)
    add_allowed_network(tenant=tenant, actor=ACTOR, trunk=trunk, cidr="127.0.0.1/32", note="sandbox carrier")
    if Authentication.DIGEST in demo.authentication:
        add_credential(
            tenant=tenant,
            actor=ACTOR,
            trunk=trunk,
            direction=CredentialDirection.OUTBOUND,
            username=USERNAME,
            secret=secrets.token_urlsafe(18),
        )
    if demo.registers_with:
        add_registration(
            tenant=tenant,
            actor=ACTOR,
            trunk=trunk,
            registrar=demo.uris[0],
            username=USERNAME,
            account={"username": USERNAME, "secret": demo.registers_with},
        )
