"""Who may do what: the one table of role → capability."""

from enum import StrEnum

from tenants.enums import Role


class Capability(StrEnum):
    """A thing one may do in a tenant. Views, viewsets and API keys name one each."""

    TRUNKS_READ = "trunks:read"
    TRUNKS_WRITE = "trunks:write"
    AGENTS_READ = "agents:read"
    AGENTS_WRITE = "agents:write"
    CALLS_READ = "calls:read"
    CALLS_WRITE = "calls:write"
    CALLS_EXPORT = "calls:export"
    ALERTS_READ = "alerts:read"
    ALERTS_WRITE = "alerts:write"
    TEAM_READ = "team:read"
    TEAM_WRITE = "team:write"
    API_KEYS_WRITE = "api_keys:write"
    AUDIT_READ = "audit:read"
    TENANT_READ = "tenant:read"
    TENANT_WRITE = "tenant:write"
    BILLING_READ = "billing:read"
    BILLING_WRITE = "billing:write"


# The same in words that members read, in the order in which pages list them.
DESCRIPTIONS: dict[Capability, tuple[str, str]] = {
    Capability.TRUNKS_READ: ("See trunks", "Their gateways, health and history."),
    Capability.TRUNKS_WRITE: ("Change trunks", "Connect carriers, edit gateways, networks and credentials."),
    Capability.AGENTS_READ: ("See agents", "What they say, the tools they use, where calls lead."),
    Capability.AGENTS_WRITE: ("Change agents", "Edit and publish agents, tools, business hours and routes."),
    Capability.CALLS_READ: ("See calls", "Who called whom, what was said, and what became of it."),
    Capability.CALLS_WRITE: ("Act on calls", "Hang up calls that go on; say how long calls are kept."),
    Capability.CALLS_EXPORT: ("Export calls", "Take the log along as a file: who called whom, and when."),
    Capability.ALERTS_READ: ("See alerts", "What went wrong, since when, and what to do about it."),
    Capability.ALERTS_WRITE: ("Resolve incidents", "Say that something is dealt with, with a note."),
    Capability.AUDIT_READ: ("Read the audit log", "Who did what, and when."),
    Capability.API_KEYS_WRITE: ("Make and revoke API keys", "For programs that use the API."),
    Capability.TEAM_READ: ("See the team", "Members and open invitations."),
    Capability.TEAM_WRITE: ("Manage the team", "Invite people, change roles, remove members."),
    Capability.TENANT_READ: ("See settings", "The organisation's name, id and limits."),
    Capability.TENANT_WRITE: ("Change settings", "Rename the organisation."),
    Capability.BILLING_READ: ("See billing", "Plan, usage and invoices."),
    Capability.BILLING_WRITE: ("Manage billing", "Change the plan and how it is paid."),
}

ROLE_DESCRIPTIONS: dict[Role, str] = {
    Role.OWNER: "May do everything, billing and other owners included.",
    Role.ADMIN: "Runs the organisation: trunks, team, keys and settings.",
    Role.DEVELOPER: "Connects carriers and programs; reads the audit log.",
    Role.BILLING: "Looks after plan and invoices; sees no trunks.",
    Role.VIEWER: "Sees how the lines are doing; changes nothing, and takes nothing along.",
}

_READ_EVERYTHING = frozenset(
    {
        Capability.TRUNKS_READ,
        Capability.AGENTS_READ,
        Capability.CALLS_READ,
        Capability.ALERTS_READ,
        Capability.TEAM_READ,
        Capability.TENANT_READ,
    }
)

CAPABILITIES: dict[Role, frozenset[Capability]] = {
    Role.OWNER: frozenset(Capability),
    Role.ADMIN: frozenset(Capability) - {Capability.BILLING_WRITE},
    Role.DEVELOPER: _READ_EVERYTHING
    | {
        Capability.TRUNKS_WRITE,
        Capability.AGENTS_WRITE,
        Capability.CALLS_WRITE,
        Capability.CALLS_EXPORT,
        Capability.ALERTS_WRITE,
        Capability.API_KEYS_WRITE,
        Capability.AUDIT_READ,
    },
    Role.BILLING: frozenset(
        {Capability.TENANT_READ, Capability.TEAM_READ, Capability.BILLING_READ, Capability.BILLING_WRITE}
    ),
    Role.VIEWER: _READ_EVERYTHING,
}

# What an API key may be given. People stay with people; nobody gives a key more than they may do themselves.
API_KEY_CAPABILITIES = frozenset(
    {
        Capability.TRUNKS_READ,
        Capability.TRUNKS_WRITE,
        Capability.AGENTS_READ,
        Capability.AGENTS_WRITE,
        Capability.CALLS_READ,
        Capability.CALLS_WRITE,
        Capability.CALLS_EXPORT,
        Capability.ALERTS_READ,
        Capability.ALERTS_WRITE,
        Capability.TENANT_READ,
        Capability.TENANT_WRITE,
        Capability.AUDIT_READ,
        Capability.BILLING_READ,
        Capability.BILLING_WRITE,
    }
)


def capabilities_of(role: str) -> frozenset[Capability]:
    """Return what a member of this role may do."""
    return CAPABILITIES[Role(role)]


def roles_grantable_by(role: str) -> tuple[Role, ...]:
    """Return the roles that a member may give to others: none that may do more than they may."""
    own = capabilities_of(role)
    if Capability.TEAM_WRITE not in own:
        return ()
    return tuple(candidate for candidate in Role if capabilities_of(candidate) <= own)
