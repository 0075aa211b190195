from django.db import migrations

from tenants.rls import USER, EnableTenantRLS

# A person may read the tenants that their memberships lead to.
TENANTS_OF_USER = f"id IN (SELECT tenant_id FROM tenants_membership WHERE user_id = {USER})"


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        EnableTenantRLS("Membership", own_rows=f"user_id = {USER}"),
        EnableTenantRLS("Tenant", column="id", own_rows=TENANTS_OF_USER),
        EnableTenantRLS("Invitation"),
        EnableTenantRLS("ApiKey"),
        EnableTenantRLS("TenantKey"),
        EnableTenantRLS("AuditEvent", append_only=True),
        EnableTenantRLS("IdempotentRequest"),
    ]
