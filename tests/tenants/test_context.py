"""The database sees one tenant at a time."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django_scopes import scopes_disabled
from django_scopes.exceptions import ScopeError

from tenants.context import NIL, ContextError, platform_context, tenant_context, user_context
from tenants.models import AuditEvent, Membership, Tenant
from tests.conftest import Person


def count_without_scope() -> int:
    with scopes_disabled():
        return Membership.objects.count()


def test_outside_any_context_no_row_is_seen(alice: Person) -> None:
    assert count_without_scope() == 0


def test_a_forgotten_scope_is_loud(alice: Person) -> None:
    with pytest.raises(ScopeError):
        Membership.objects.count()


def test_a_tenant_sees_its_own_rows_only(alice: Person, bob: Person, charlie: Person) -> None:
    with tenant_context(alice.tenant):
        assert [member.user for member in Membership.objects.order_by("created_at")] == [alice.user, bob.user]
        assert count_without_scope() == 2
        assert list(Tenant.objects.all()) == [alice.tenant]


def test_a_row_for_another_tenant_is_refused(alice: Person, charlie: Person) -> None:
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        tenant_context(alice.tenant),
        transaction.atomic(),
    ):
        Membership.objects.create(tenant=charlie.tenant, user=alice.user, role="owner")


def test_after_leaving_nothing_is_seen(alice: Person) -> None:
    with tenant_context(alice.tenant):
        assert count_without_scope() == 1
    assert count_without_scope() == 0


def test_an_error_inside_restores_the_outside(alice: Person) -> None:
    with pytest.raises(ZeroDivisionError), tenant_context(alice.tenant):
        raise ZeroDivisionError
    assert count_without_scope() == 0


def test_contexts_do_not_nest_in_another_tenant(alice: Person, charlie: Person) -> None:
    with pytest.raises(ContextError), tenant_context(alice.tenant), tenant_context(charlie.tenant):
        pass
    with pytest.raises(ContextError), tenant_context(alice.tenant), platform_context("test"):
        pass


def test_the_same_tenant_nests(alice: Person) -> None:
    with tenant_context(alice.tenant):
        with tenant_context(alice.tenant):
            assert Membership.objects.count() == 1
        assert Membership.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_foreign_transaction_is_refused(alice: Person) -> None:
    with pytest.raises(ContextError), transaction.atomic(), tenant_context(alice.tenant):
        pass


@pytest.mark.django_db(transaction=True)
def test_the_connection_forgets_the_tenant(alice: Person) -> None:
    with tenant_context(alice.tenant):
        assert count_without_scope() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('app.tenant')")
        assert cursor.fetchone() == ("callsphere_app", "00000000-0000-0000-0000-000000000000")


def test_the_platform_sees_all_tenants(alice: Person, charlie: Person) -> None:
    with platform_context("test"):
        assert Membership.objects.count() == 2
    assert count_without_scope() == 0


def test_a_person_sees_their_own_memberships(alice: Person, bob: Person, charlie: Person) -> None:
    with user_context(bob.user.pk):
        assert [member.tenant for member in Membership.objects.select_related("tenant")] == [alice.tenant]


def test_a_person_cannot_write_through_their_own_memberships(bob: Person) -> None:
    with user_context(bob.user.pk):
        assert Membership.objects.filter(user=bob.user).update(role="owner") == 0


def test_the_audit_log_cannot_be_changed(in_acme: Tenant) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        AuditEvent.objects.update(verb="nothing")


def test_the_audit_log_cannot_be_deleted(in_acme: Tenant) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        AuditEvent.objects.all()._raw_delete("default")


def told() -> tuple[str, str, str]:
    """Return what the database takes the connection for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('app.tenant'), current_setting('app.user')")
        return cursor.fetchone()


@pytest.mark.django_db(transaction=True)
def test_a_commit_leaves_nothing_to_those_who_come_after(alice: Person) -> None:
    nobody, seen = ("callsphere_app", str(NIL), str(NIL)), []

    def look_again() -> None:
        seen.append(told())
        with tenant_context(alice.tenant, user_id=alice.user.pk):
            seen.append(told())
        seen.append(told())

    with tenant_context(alice.tenant, user_id=alice.user.pk):
        with tenant_context(alice.tenant):
            assert count_without_scope() == 1
        assert told() == ("callsphere_app", str(alice.tenant.pk), str(alice.user.pk))
        transaction.on_commit(look_again)
    assert seen == [nobody, ("callsphere_app", str(alice.tenant.pk), str(alice.user.pk)), nobody]

    with platform_context("test"):
        assert told()[0] == "callsphere_platform"
    assert told() == nobody
    with pytest.raises(ZeroDivisionError), platform_context("test"):
        raise ZeroDivisionError
    assert told() == nobody
    with pytest.raises(ProgrammingError), tenant_context(alice.tenant), connection.cursor() as cursor:
        cursor.execute("SELECT nothing")
    assert told() == nobody
