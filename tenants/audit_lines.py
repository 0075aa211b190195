"""How the audit log reads: each event as a sentence, what changed as before and after, a link to the object.

Apps that own audited objects add their kinds in `AppConfig.ready`, with the words and the addresses.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, ForeignKey, Model
from django.urls import reverse

from tenants.access import DESCRIPTIONS
from tenants.enums import ActorKind
from tenants.models import (
    ApiKey,
    AuditEvent,
    Event,
    Invitation,
    Membership,
    OutgoingMail,
    PlatformEvent,
    Tenant,
    TenantKey,
    TenantOwned,
    User,
)

FindUrls = Callable[[Tenant, set[uuid.UUID]], Mapping[uuid.UUID, str]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object that events are about.

    `model` is the one whose rows they are; `noun` and `plural` are its words in a sentence; `find_urls` maps
    those ids that still exist to the pages that show them; `values` has words for values that the model's
    choices do not have, `labels` for fields whose names read badly; `part` is a model whose fields events
    name as well.
    """

    model: type[Model]
    noun: str
    plural: str
    find_urls: FindUrls | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    part: type[Model] | None = None

    @property
    def name(self) -> str:
        """The event's `object_kind`."""
        return str(self.model._meta.model_name)


@dataclass(frozen=True, slots=True)
class Change:
    """One field, before and after, in words; empty for nothing."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One event as people read it: who, what they did around the object's name, and what changed."""

    event: Event
    actor: str
    before_name: str
    name: str
    after_name: str
    url: str
    changes: tuple[Change, ...]


# What happened, with {noun} and {name}. An event's own verb first, then the part of it behind the dot.
_SENTENCES = {
    "tenant.created": "created the organisation {name}",
    "member.joined": "joined the team as {name}",
    "member.role_changed": "changed the role of {name}",
    "member.removed": "took {name} out of the team",
    "invitation.sent": "invited {name}",
    "invitation.resent": "sent the invitation of {name} again",
    "invitation.revoked": "withdrew the invitation of {name}",
    "support.visited": "looked at the pages of {name}",
    "tenantkey.rewrapped": "put the data key of the organisation under a newer key",
    "tenantkey.replaced": "gave the organisation a fresh data key",
    "outgoingmail.sent_again": "had the mail “{name}” sent again",
    "second_factor_added": "turned on two-step sign-in",
    "second_factor_removed": "turned off two-step sign-in",
    "second_factor_reset": "reset the two-step sign-in of {name}",
    "recovery_codes_replaced": "made new recovery codes",
    "recovery_code_used": "used a recovery code",
    "account_changed": "changed the account of {name}",
    "password_changed": "changed their password",
    "password_set": "set a password",
    "password_reset": "set a new password through a link in a mail",
    "email_added": "added an e-mail address",
    "email_verified": "confirmed an e-mail address",
    "email_changed": "made another e-mail address their primary one",
    "email_removed": "removed an e-mail address",
    "created": "created the {noun} {name}",
    "added": "added the {noun} {name}",
    "updated": "changed the {noun} {name}",
    "deleted": "deleted the {noun} {name}",
    "removed": "removed the {noun} {name}",
    "revoked": "revoked the {noun} {name}",
    "opened": "opened the {noun} {name}",
    "resolved": "resolved the {noun} {name}",
    "probe_requested": "asked for a check of the {noun} {name}",
    "check_requested": "asked for a readiness check of the {noun} {name}",
    "check_stopped": "stopped the readiness check of the {noun} {name}",
    "check_schedule_changed": "changed the scheduled checks of the {noun} {name}",
    "report_shared": "made a link to a report of the {noun} {name}",
    "report_link_revoked": "revoked a link to a report of the {noun} {name}",
    "registration.requested": "had the {noun} {name} tried at once",
    "secret_cleared": "cleared the secret of the {noun} {name}",
}
_NAME = "{name}"
_kinds: dict[str, Kind] = {}
# What events outside any tenant are about: a tenant's log is not narrowed to them.
_outside_tenants = {
    kind.name: kind for kind in (Kind(User, "account", "accounts"), Kind(OutgoingMail, "mail", "mails"))
}


def add_kind(kind: Kind) -> None:
    """Teach the log a kind of object."""
    _kinds[kind.name] = kind


def add_sentences(sentences: Mapping[str, str]) -> None:
    """Teach the log what an app's own verbs mean, with {noun} and {name}."""
    _SENTENCES.update(sentences)


def kind_choices() -> list[tuple[str, str]]:
    """Return the kinds that the log can be narrowed to, by their words."""
    pairs = [(kind.name, kind.plural[0].upper() + kind.plural[1:]) for kind in _kinds.values()]
    return sorted(pairs, key=lambda pair: pair[1])


def lines_of(tenant: Tenant, events: Iterable[AuditEvent]) -> list[Line]:
    """Return the events as lines.

    Asks the database once for each kind that is among them, and for each kind of object that a change names.
    """
    listed = list(events)
    urls = urls_of(tenant, ((event.object_kind, event.object_id) for event in listed))
    names = _names_in(tenant, listed)
    return [_line(event, _url(urls, event), names) for event in listed]


def account_lines_of(events: Iterable[PlatformEvent]) -> list[Line]:
    """Return what was done to accounts as lines."""
    return [_line(event, "", {}) for event in events]


def urls_of(
    tenant: Tenant, objects: Iterable[tuple[str, uuid.UUID | None]]
) -> dict[tuple[str, uuid.UUID], str]:
    """Return the pages of those objects, given as (kind, id), that still exist. One query for each kind."""
    wanted = set(objects)
    found: dict[tuple[str, uuid.UUID], str] = {}
    for name, kind in _kinds.items():
        ids = {pk for each, pk in wanted if each == name and pk}
        if ids and kind.find_urls is not None:
            found |= {(name, pk): url for pk, url in kind.find_urls(tenant, ids).items()}
    return found


def _url(urls: Mapping[tuple[str, uuid.UUID], str], event: AuditEvent) -> str:
    return urls.get((event.object_kind, event.object_id), "") if event.object_id else ""


def _names_in(tenant: Tenant, events: Iterable[Event]) -> dict[str, str]:
    """Return, by id, the names of what changes lead to or from, as far as it exists."""
    wanted: dict[type[Model], set[str]] = defaultdict(set)
    for event in events:
        for name, values in event.changes.items():
            column = _column(_find_kind(event.object_kind), name)
            if isinstance(column, ForeignKey) and issubclass(column.related_model, TenantOwned):
                wanted[column.related_model] |= {value for value in values if isinstance(value, str)}
    return {
        str(row.pk): str(row)
        for model, ids in wanted.items()
        if ids
        for row in model._default_manager.filter(tenant=tenant, pk__in=ids)
    }


def _line(event: Event, url: str, names: Mapping[str, str]) -> Line:
    done = event.verb.rpartition(".")[2]
    sentence = (
        _SENTENCES.get(event.verb) or _SENTENCES.get(done) or done.replace("_", " ") + " the {noun} {name}"
    )
    before, name, after = sentence.replace("{noun}", _noun(event.object_kind)).partition(_NAME)
    return Line(
        event=event,
        actor=_actor(event),
        before_name=before,
        name=event.object_label if name else "",
        after_name=after,
        url=url,
        changes=tuple(_changes(event, names)),
    )


def _actor(event: Event) -> str:
    match event.actor_kind:
        case ActorKind.STAFF:
            return f"CallSphere support ({event.actor_label})"
        case ActorKind.API_KEY:
            return f"API key “{event.actor_label}”"
        case ActorKind.SYSTEM:
            return f"CallSphere ({event.actor_label})"
    return event.actor_label


def _find_kind(name: str) -> Kind | None:
    return _kinds.get(name) or _outside_tenants.get(name)


def _noun(name: str) -> str:
    kind = _find_kind(name)
    return kind.noun if kind else name


def _changes(event: Event, names: Mapping[str, str]) -> Iterable[Change]:
    for name, (before, after) in event.changes.items():
        kind = _find_kind(event.object_kind)
        column = _column(kind, name)
        label = str(column.verbose_name) if column is not None else name.replace("_", " ")
        label = kind.labels.get(name, label) if kind is not None else label
        words = dict(column.flatchoices) if column is not None else {}
        words |= kind.values if kind is not None else {}
        words |= names if isinstance(column, ForeignKey) else {}
        yield Change(label[:1].upper() + label[1:], _words(before, words), _words(after, words))


def _column(kind: Kind | None, name: str) -> Field[Any, Any] | None:
    for model in (kind.model, kind.part) if kind else ():
        with suppress(FieldDoesNotExist):
            column = model._meta.get_field(name) if model else None
            if isinstance(column, Field):
                return column
    return None


def _words(value: Any, words: Mapping[Any, Any]) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_words(each, words) for each in value)
    return str(words.get(value, value)) if isinstance(value, str | int) else str(value)


def _on_team_page(model: type[Model]) -> FindUrls:
    def find(tenant: Tenant, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
        return _existing(model, tenant, ids, reverse("tenants:team", kwargs={"tenant": tenant.slug}))

    return find


def _on_key_page(tenant: Tenant, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    return _existing(ApiKey, tenant, ids, reverse("tenants:api-keys", kwargs={"tenant": tenant.slug}))


def _on_settings_page(tenant: Tenant, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    return {tenant.pk: reverse("tenants:settings", kwargs={"tenant": tenant.slug})}


def _existing(model: type[Model], tenant: Tenant, ids: set[uuid.UUID], page: str) -> dict[uuid.UUID, str]:
    rows = model._default_manager.filter(tenant=tenant, pk__in=ids).values_list("pk", flat=True)
    return {pk: f"{page}#{model._meta.model_name}-{pk}" for pk in rows}


add_kind(Kind(Tenant, "organisation", "the organisation", _on_settings_page))
add_kind(Kind(Membership, "member", "members", _on_team_page(Membership), part=User))
add_kind(Kind(TenantKey, "data key", "data keys"))
add_kind(Kind(Invitation, "invitation", "invitations", _on_team_page(Invitation)))
add_kind(
    Kind(
        ApiKey,
        "API key",
        "API keys",
        _on_key_page,
        {each: label for each, (label, _help) in DESCRIPTIONS.items()},
    )
)
