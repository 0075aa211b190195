"""What every edit goes through: lock, version, plain text, and the database's rules in plain words."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models, transaction

from callsphere.lib.errors import LimitReached, Refused, VersionConflict
from tenants.audit import HIDDEN, Actor, differences, record_event, snapshot
from tenants.models import Tenant, TenantOwned, Versioned

V = TypeVar("V", bound=Versioned)
Row = TypeVar("Row", bound=models.Model)

OwnedV = TypeVar("OwnedV", bound=TenantOwned)

# Which field a person has to change when a rule over several fields is broken: apps name those of their own.
_field_of_constraint: dict[str, str] = {}
# Fields that are worked out of another: nothing can be said of them while that one is wrong.
_worked_out_of: dict[str, tuple[str, ...]] = {}


def name_fields_of_constraints(fields: Mapping[str, str]) -> None:
    """Say for each constraint, by its name, beside which field its error belongs."""
    _field_of_constraint.update(fields)


def name_fields_worked_out(fields: Mapping[str, tuple[str, ...]]) -> None:
    """Say for a field which others are worked out of it."""
    _worked_out_of.update(fields)


class FieldErrors:
    """What is wrong with the fields of one object, gathered to be told at once."""

    def __init__(self) -> None:
        self.by_field: dict[str, list[ValidationError]] = {}

    @contextmanager
    def gathered(self, path: str = "") -> Iterator[None]:
        """Keep the ValidationError of what is done inside; `path` goes in front of its fields."""
        try:
            yield
        except ValidationError as error:
            for field, errors in error.error_dict.items():
                self.by_field.setdefault(f"{path}{field}", []).extend(errors)

    def raise_any(self) -> None:
        """Raise one ValidationError for all of them, if there are any."""
        if self.by_field:
            raise ValidationError(self.by_field)


def lock_tenant(tenant: Tenant) -> Tenant:
    """Return the tenant as stored, locked until the transaction ends: two must not both find room."""
    return Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)


def locked(model: type[OwnedV], tenant: Tenant, pk: uuid.UUID) -> OwnedV:
    """Return the tenant's row, locked until the transaction ends. Raises Refused when it is gone.

    The lock lets other rows go on pointing at this one, so that the probe workers are not held up.
    """
    rows = cast(models.QuerySet[OwnedV], model._default_manager.select_for_update(no_key=True))
    row = rows.filter(tenant=tenant, pk=pk).first()
    if row is None:
        name = model._meta.verbose_name
        raise Refused(f"This {name} was deleted in the meantime.", code="deleted_meanwhile")
    return row


def check_version(row: Versioned, expected: int | None, changes: Mapping[str, Any]) -> None:
    """Raise VersionConflict unless the edit was made from the stored version. None asks for no check."""
    if expected is None or expected == row.version:
        return
    theirs = snapshot(row, changes)
    yours = {name: _shown(name, value) for name, value in changes.items()}
    differing = [name for name in changes if yours[name] != theirs[name]]
    raise VersionConflict(
        current_version=row.version,
        yours={name: yours[name] for name in differing},
        theirs={name: theirs[name] for name in differing},
    )


def field_error(field: str, message: str, code: str) -> ValidationError:
    """Return the error of one field; `code` is stable and meant for programs."""
    return ValidationError({field: ValidationError(message, code=code)})


def check_names(changes: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raise TypeError for a change that the caller made up."""
    unknown = set(changes) - set(known)
    if unknown:
        raise TypeError(f"unknown changes: {', '.join(sorted(unknown))}")


def check_room(rows: models.QuerySet[Any], limit: int, message: str) -> None:
    """Raise LimitReached when `limit` rows exist. Lock their owner first: requests race for the last."""
    if rows.count() >= limit:
        raise LimitReached(message)


def one_line(field: str, text: str) -> str:
    """Return the text without outer spaces.

    Raises ValidationError for line breaks and control characters: the text may reach a SIP message.
    """
    text = text.strip(" ")
    if not text.isprintable():
        raise field_error(
            field, "Remove line breaks, control characters and invisible characters.", "control"
        )
    return text


def several_lines(field: str, text: str) -> str:
    """Return the text trimmed, its line ends alike. Raises ValidationError for control characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not all(line.replace("\t", " ").isprintable() for line in text.split("\n")):
        raise field_error(field, "Remove control characters and invisible characters.", "control")
    return text


def insert(
    row: Row,
    *,
    tenant: Tenant,
    actor: Actor,
    verb: str,
    fields: Iterable[str],
    wrong: FieldErrors | None = None,
) -> Row:
    """Check and store a new row, and write its audit event. `wrong` is what is known to be wrong already."""
    _store(row, wrong or FieldErrors(), force_insert=True)
    changes = {
        name: [None, value] for name, value in snapshot(row, fields).items() if value not in (None, "", [])
    }
    record_event(tenant=tenant, actor=actor, verb=verb, obj=row, changes=changes)
    return row


def save_edit(
    row: Versioned,
    before: Mapping[str, Any],
    *,
    tenant: Tenant,
    actor: Actor,
    verb: str,
    reason: str = "",
    wrong: FieldErrors | None = None,
    new_secret: bool = False,
) -> bool:
    """Check and store an edited row with the next version, and write its audit event.

    `before` is the row's snapshot from before; `wrong`, what is known to be wrong already. Returns False, and
    stores nothing, when nothing differs.
    """
    wrong = wrong or FieldErrors()
    changes = differences(before, snapshot(row, before))
    if new_secret:
        changes["secret"] = [before["secret"], HIDDEN]
    if not changes and not wrong.by_field:
        return False
    row.version += 1
    _store(row, wrong)
    record_event(tenant=tenant, actor=actor, verb=verb, obj=row, changes=changes, reason=reason)
    return True


def remove(row: Versioned, *, tenant: Tenant, actor: Actor, verb: str, fields: Iterable[str]) -> None:
    """Delete a row and write its audit event, which keeps what the row said."""
    changes = {
        name: [value, None] for name, value in snapshot(row, fields).items() if value not in (None, "", [])
    }
    record_event(tenant=tenant, actor=actor, verb=verb, obj=row, changes=changes)
    row.delete()


def _store(row: models.Model, wrong: FieldErrors, *, force_insert: bool = False) -> None:
    check_row(row, wrong)
    try:
        with transaction.atomic():
            row.save(force_insert=force_insert)
    except IntegrityError as error:
        # Somebody else was quicker between the check and the write: same words as the check's.
        raise _violation(row, error) from error


def check_row(row: models.Model, wrong: FieldErrors, *, ignore: Iterable[str] = ()) -> None:
    """Raise ValidationError for all that is wrong, and what the database would refuse of the row.

    Nothing is said of the fields in `ignore`, nor of rules that one of them has a part in.
    """
    # An empty list is a value, which Django takes for none given.
    lists = [field.name for field in row._meta.fields if getattr(row, field.attname) == []]
    unsaid = [*lists, *ignore]
    with wrong.gathered():
        row.full_clean(exclude=_unusable(wrong, unsaid), validate_unique=False, validate_constraints=False)
    unusable = _unusable(wrong, unsaid)
    for constraint in row._meta.constraints:
        try:
            constraint.validate(type(row), row, exclude=unusable)
        except ValidationError as error:
            field = _field_of_constraint.get(constraint.name, NON_FIELD_ERRORS)
            wrong.by_field.setdefault(field, []).extend(error.error_list)
    wrong.raise_any()


def _unusable(wrong: FieldErrors, lists: Iterable[str]) -> set[str]:
    worked_out = (name for field in wrong.by_field for name in _worked_out_of.get(field, ()))
    return {*wrong.by_field, *worked_out, *lists}


def _violation(row: models.Model, error: IntegrityError) -> Exception:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    for constraint in row._meta.constraints:
        if constraint.name == name:
            field = _field_of_constraint.get(name, NON_FIELD_ERRORS)
            return field_error(field, str(constraint.get_violation_error_message()), "unique")
    return error


def _shown(name: str, value: Any) -> Any:
    if "secret" in name:
        return HIDDEN if value else None
    return list(value) if isinstance(value, tuple) else value
