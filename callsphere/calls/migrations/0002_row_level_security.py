"""Events stay in their tenant and as they came; accounts that are there already lead to their tenants."""

from django.db import migrations

from tenants.rls import ROLES, CompositeForeignKey, EnableTenantRLS

# What was told is never told otherwise. Deleting stays: what is old is forgotten, and what goes with a trunk.
AS_IT_CAME = f"REVOKE UPDATE, TRUNCATE ON calls_callevent FROM {ROLES}"

# The owner sees the rows only while row-level security is not forced on it.
ROUTES = [
    "ALTER TABLE trunks_provideraccount NO FORCE ROW LEVEL SECURITY",
    """
    INSERT INTO tenants_tenantroute (hash, kind, tenant_id)
    SELECT sha256(convert_to(sid, 'UTF8')), 'provider_account', tenant_id
    FROM trunks_provideraccount WHERE sid <> ''
    ON CONFLICT DO NOTHING
    """,
    "ALTER TABLE trunks_provideraccount FORCE ROW LEVEL SECURITY",
]


class Migration(migrations.Migration):
    dependencies = [("calls", "0001_initial"), ("tenants", "0008_account_route")]

    operations = [
        EnableTenantRLS("CallEvent"),
        CompositeForeignKey("CallEvent", "phone_number"),
        CompositeForeignKey("CallEvent", "trunk"),
        migrations.RunSQL(AS_IT_CAME, migrations.RunSQL.noop),
        migrations.RunSQL(ROUTES, "DELETE FROM tenants_tenantroute WHERE kind = 'provider_account'"),
    ]
