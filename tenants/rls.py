"""Migration operations that put tables under row-level security. Django's model state knows none of it."""

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

APP_ROLE = "callsphere_app"
PLATFORM_ROLE = "callsphere_platform"
ROLES = f"{APP_ROLE}, {PLATFORM_ROLE}"
TENANT = "(SELECT current_setting('app.tenant', true)::uuid)"
USER = "(SELECT current_setting('app.user', true)::uuid)"


class StatementsOperation(Operation):
    """An operation that is a list of SQL statements, and another list to undo them."""

    reversible = True
    reduces_to_sql = True
    model_name = ""

    def forwards(self, model: type[models.Model] | None) -> list[str]:
        """Return the statements for a model's table."""
        raise NotImplementedError

    def backwards(self, model: type[models.Model] | None) -> list[str]:
        """Return the statements that undo them."""
        raise NotImplementedError

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing that models could show has changed."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        _execute(schema_editor, self.forwards(self._model(app_label, to_state)))

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        _execute(schema_editor, self.backwards(self._model(app_label, from_state)))

    def _model(self, app_label: str, state: ProjectState) -> type[models.Model] | None:
        return state.apps.get_model(app_label, self.model_name) if self.model_name else None


class GrantToApplication(StatementsOperation):
    """Let both roles use every table, those that exist and those that the owner makes later.

    Row-level security decides which rows; the owner alone changes tables.
    """

    def forwards(self, model: type[models.Model] | None) -> list[str]:
        rows = "SELECT, INSERT, UPDATE, DELETE"
        return [
            f"GRANT USAGE ON SCHEMA public TO {ROLES}",
            f"GRANT {rows} ON ALL TABLES IN SCHEMA public TO {ROLES}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {ROLES}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rows} ON TABLES TO {ROLES}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {ROLES}",
        ]

    def backwards(self, model: type[models.Model] | None) -> list[str]:
        return []  # grants do no harm without tables

    def describe(self) -> str:
        return "Grant the use of tables to the application's roles"


class EnableTenantRLS(StatementsOperation):
    """Force row-level security on a model's table: the application sees one tenant, the platform role all.

    `column` holds the tenant's id. `own_rows` is a condition on the current user who may read the row too.
    `append_only` takes UPDATE and DELETE away from both roles.
    """

    def __init__(
        self, model_name: str, *, column: str = "tenant_id", own_rows: str = "", append_only: bool = False
    ) -> None:
        self.model_name = model_name
        self.column = column
        self.own_rows = own_rows
        self.append_only = append_only

    def forwards(self, model: type[models.Model] | None) -> list[str]:
        return self.statements(model._meta.db_table) if model else []

    def backwards(self, model: type[models.Model] | None) -> list[str]:
        table = model._meta.db_table if model else ""
        return [
            f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS "{table}_of_tenant"',
            *(f'DROP POLICY IF EXISTS {name} ON "{table}"' for name in ("tenant", "own_rows", "platform")),
            f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY',
        ]

    def statements(self, table: str) -> list[str]:
        """Return the SQL for one table; tables without a managed model use it too."""
        check = f"{self.column} = {TENANT}"
        statements = [
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
            f'CREATE POLICY tenant ON "{table}" TO {APP_ROLE} USING ({check}) WITH CHECK ({check})',
            f'CREATE POLICY platform ON "{table}" TO {PLATFORM_ROLE} USING (true) WITH CHECK (true)',
        ]
        if self.column == "tenant_id":
            # what CompositeForeignKey points at
            statements.append(
                f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_of_tenant" UNIQUE (tenant_id, id)'
            )
        if self.own_rows:
            statements.append(
                f'CREATE POLICY own_rows ON "{table}" FOR SELECT TO {APP_ROLE} USING ({self.own_rows})'
            )
        if self.append_only:
            statements.append(f'REVOKE UPDATE, DELETE, TRUNCATE ON "{table}" FROM {ROLES}')
        return statements

    def describe(self) -> str:
        return f"Force row-level security on {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"rls_{self.model_name.lower()}"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        options = {"column": self.column, "own_rows": self.own_rows, "append_only": self.append_only}
        return self.__class__.__qualname__, [self.model_name], options


class EnablePlatformRLS(StatementsOperation):
    """Force row-level security on the table of a model without a tenant: the platform role sees it.

    The application's login gets nothing but what is named: `own_rows` is a condition on the current user who
    may read a row, `may_add` one on rows that everybody may add. `append_only` takes UPDATE and DELETE away
    from the platform role as well.
    """

    def __init__(
        self, model_name: str, *, own_rows: str = "", may_add: str = "", append_only: bool = False
    ) -> None:
        self.model_name = model_name
        self.own_rows = own_rows
        self.may_add = may_add
        self.append_only = append_only

    def forwards(self, model: type[models.Model] | None) -> list[str]:
        table = model._meta.db_table if model else ""
        statements = [
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
            f'CREATE POLICY platform ON "{table}" TO {PLATFORM_ROLE} USING (true) WITH CHECK (true)',
            f'REVOKE ALL ON "{table}" FROM {APP_ROLE}',
        ]
        if self.own_rows:
            statements += [
                f'GRANT SELECT ON "{table}" TO {APP_ROLE}',
                f'CREATE POLICY own_rows ON "{table}" FOR SELECT TO {APP_ROLE} USING ({self.own_rows})',
            ]
        if self.may_add:
            statements += [
                f'GRANT INSERT ON "{table}" TO {APP_ROLE}',
                f'CREATE POLICY may_add ON "{table}" FOR INSERT TO {APP_ROLE} WITH CHECK ({self.may_add})',
            ]
        if self.append_only:
            statements.append(f'REVOKE UPDATE, DELETE, TRUNCATE ON "{table}" FROM {PLATFORM_ROLE}')
        return statements

    def backwards(self, model: type[models.Model] | None) -> list[str]:
        table = model._meta.db_table if model else ""
        return [
            *(f'DROP POLICY IF EXISTS {name} ON "{table}"' for name in ("platform", "own_rows", "may_add")),
            f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY',
        ]

    def describe(self) -> str:
        return f"Let the platform role alone see {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"platform_rls_{self.model_name.lower()}"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        options = {"own_rows": self.own_rows, "may_add": self.may_add, "append_only": self.append_only}
        return self.__class__.__qualname__, [self.model_name], options


class CompositeForeignKey(StatementsOperation):
    """Add `FOREIGN KEY (tenant_id, x_id) REFERENCES parent (tenant_id, id)` beside Django's own.

    PostgreSQL checks foreign keys without row-level security; only the pair keeps a row from pointing
    at another tenant's.
    """

    def __init__(self, model_name: str, field_name: str) -> None:
        self.model_name = model_name
        self.field_name = field_name

    def forwards(self, model: type[models.Model] | None) -> list[str]:
        table, column, parent = self._names(model)
        return [
            (
                f'ALTER TABLE "{table}" ADD CONSTRAINT "{self._constraint(table)}"'
                f" FOREIGN KEY (tenant_id, {column})"
                f' REFERENCES "{parent}" (tenant_id, id) DEFERRABLE INITIALLY DEFERRED'
            )
        ]

    def backwards(self, model: type[models.Model] | None) -> list[str]:
        table = self._names(model)[0]
        return [f'ALTER TABLE "{table}" DROP CONSTRAINT "{self._constraint(table)}"']

    def describe(self) -> str:
        return f"Keep {self.model_name}.{self.field_name} inside the tenant"

    @property
    def migration_name_fragment(self) -> str:
        return f"composite_{self.model_name.lower()}_{self.field_name}"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__qualname__, [self.model_name, self.field_name], {}

    def _names(self, model: Any) -> tuple[str, str, str]:
        field = model._meta.get_field(self.field_name)
        return model._meta.db_table, field.column, field.related_model._meta.db_table

    def _constraint(self, table: str) -> str:
        return f"{table}_{self.field_name}_same_tenant"


def _execute(schema_editor: BaseDatabaseSchemaEditor, statements: list[str]) -> None:
    for statement in statements:
        schema_editor.execute(statement)
