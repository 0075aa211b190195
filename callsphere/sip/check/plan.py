"""What a check or a registration is asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.agent.invitation import Patience
from callsphere.sip.agent.user_agent import UserAgent
from callsphere.sip.digest import Credentials
from callsphere.sip.resolver import Resolver
from callsphere.sip.session_timer import MIN_SE, TimerPolicy
from callsphere.sip.trace import Redactor, Trace
from callsphere.sip.transport.tls import TlsTrust
from callsphere.sip.uri import SipUri

PRODUCT = "CallSphere-Check/1 (readiness test)"
"""User-Agent of everything a check sends: whoever reads a carrier's log sees that it was a test."""
OUR_USER = "callsphere-check"
"""The user part of From and Contact where no number and no user name is given."""
CHECK_TIMERS = TimerPolicy(MIN_SE)
"""The shortest interval there is: it shows at once whether a carrier insists on a longer one (422)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run needs to know. Times are seconds.

        `call` is the number to call (None: no call), `caller` the number shown, with `asserts_caller` in
    P-Asserted-Identity as well (RFC 3325 §9.1). `timeout` bounds each wait, `ring_timeout` the wait after a
    provisional answer. `policy` guards every address, `timers` says what the call asks about its session
    timer. Registrations go through `outbound_proxy` where there is one: what `trust` trusts and presents is
    meant for the carrier, and `proxy_trust` for the proxy.
    """

    uri: str
    credentials: Credentials | None = None
    username: str | None = None
    register: bool = False
    call: str | None = None
    caller: str | None = None
    asserts_caller: bool = False
    timers: TimerPolicy = CHECK_TIMERS
    expires: int = 300
    refreshes: int = 0
    keep: bool = False
    timeout: float = 10.0
    ring_timeout: float = 30.0
    policy: AddressPolicy = field(default_factory=AddressPolicy)
    nameservers: Sequence[tuple[str, int]] | None = None
    trust: TlsTrust = field(default_factory=TlsTrust)
    proxy_trust: TlsTrust | None = None
    advertised_host: str | None = None
    outbound_proxy: SipUri | None = None
    product: str = PRODUCT

    @property
    def patience(self) -> Patience:
        """How long an INVITE is waited for."""
        return Patience(self.timeout, self.ring_timeout)

    @property
    def user(self) -> str:
        """The user part of our address-of-record and Contact."""
        return self.username or self.caller or OUR_USER

    @property
    def registrar_trust(self) -> TlsTrust | None:
        """The TLS context towards whoever takes our REGISTERs; None for `trust`."""
        return self.proxy_trust if self.outbound_proxy is not None else None

    def redactor(self) -> Redactor:
        """Takes the password out of everything that is shown."""
        secrets = () if self.credentials is None else (self.credentials.password,)
        public = (self.uri, self.username or "", self.call or "", self.caller or "")
        return Redactor(secrets, public)

    def agent(self, trace: Trace) -> UserAgent:
        """A user agent for one run."""
        return UserAgent(
            policy=self.policy,
            resolver=Resolver(self.nameservers, self.policy),
            trust=self.trust,
            product=self.product,
            trace=trace,
            advertised_host=self.advertised_host,
        )
