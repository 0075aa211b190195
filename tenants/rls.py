"""Migration operations that put a table under row-level security."""

from typing import Any

from django.apps.registry import Apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

APP_ROLE = "callsphere_app"
PLATFORM_ROLE = "callsphere_platform"
TENANT = "(SELECT current_setting('app.tenant', true)::uuid)"
USER = "(SELECT current_setting('app.user', true)::uuid)"


class GrantToApplication(Operation):
    """Let both roles use every table, those that exist and those that the owner makes later.

    Row-level security decides which rows; the owner alone changes tables.
    """

    reversible = True
    reduces_to_sql = True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Django's model state does not know grants."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        roles = f"{APP_ROLE}, {PLATFORM_ROLE}"
        rows = "SELECT, INSERT, UPDATE, DELETE"
        for statement in (
            f"GRANT USAGE ON SCHEMA public TO {roles}",
            f"GRANT {rows} ON ALL TABLES IN SCHEMA public TO {roles}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {roles}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rows} ON TABLES TO {roles}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {roles}",
        ):
            schema_editor.execute(statement)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Grants do no harm without tables."""

    def describe(self) -> str:
        return "Grant the use of tables to the application's roles"


class EnableTenantRLS(Operation):
    """Force row-level security on a model's table: the application sees one tenant, the platform role all.

    `column` holds the tenant's id. `own_rows` is a condition on the current user who may read the row too.
    `append_only` takes UPDATE and DELETE away from both roles.
    """

    reversible = True
    reduces_to_sql = True

    def __init__(
        self, model_name: str, *, column: str = "tenant_id", own_rows: str = "", append_only: bool = False
    ) -> None:
        self.model_name = model_name
        self.column = column
        self.own_rows = own_rows
        self.append_only = append_only

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Django's model state does not know policies."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for statement in self.statements(_table(to_state.apps, app_label, self.model_name)):
            schema_editor.execute(statement)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        table = _table(from_state.apps, app_label, self.model_name)
        schema_editor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS "{table}_of_tenant"')
        for policy in ("tenant", "own_rows", "platform"):
            schema_editor.execute(f'DROP POLICY IF EXISTS {policy} ON "{table}"')
        schema_editor.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
        schema_editor.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')

    def statements(self, table: str) -> list[str]:
        """Return the SQL for one table; partitions and raw tables use it too."""
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
            statements.append(
                f'REVOKE UPDATE, DELETE, TRUNCATE ON "{table}" FROM {APP_ROLE}, {PLATFORM_ROLE}'
            )
        return statements

    def describe(self) -> str:
        return f"Force row-level security on {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"rls_{self.model_name.lower()}"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        options = {"column": self.column, "own_rows": self.own_rows, "append_only": self.append_only}
        return self.__class__.__qualname__, [self.model_name], options


def _table(apps: Apps, app_label: str, model_name: str) -> str:
    return apps.get_model(app_label, model_name)._meta.db_table


class CompositeForeignKey(Operation):
    """Add `FOREIGN KEY (tenant_id, x_id) REFERENCES parent (tenant_id, id)` beside Django's own.

    PostgreSQL checks foreign keys without row-level security; only the pair keeps a row from pointing
    at another tenant's.
    """

    reversible = True
    reduces_to_sql = True

    def __init__(self, model_name: str, field_name: str) -> None:
        self.model_name = model_name
        self.field_name = field_name

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Django's model state does not know composite keys."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        table, column, parent = self._names(to_state.apps, app_label)
        schema_editor.execute(
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{self._constraint(table)}"'
            f" FOREIGN KEY (tenant_id, {column})"
            f' REFERENCES "{parent}" (tenant_id, id) DEFERRABLE INITIALLY DEFERRED'
        )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        table, _column, _parent = self._names(from_state.apps, app_label)
        schema_editor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{self._constraint(table)}"')

    def describe(self) -> str:
        return f"Keep {self.model_name}.{self.field_name} inside the tenant"

    @property
    def migration_name_fragment(self) -> str:
        return f"composite_{self.model_name.lower()}_{self.field_name}"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__qualname__, [self.model_name, self.field_name], {}

    def _names(self, apps: Apps, app_label: str) -> tuple[str, str, str]:
        model = apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.field_name)
        return model._meta.db_table, field.column, field.related_model._meta.db_table

    def _constraint(self, table: str) -> str:
        return f"{table}_{self.field_name}_same_tenant"
