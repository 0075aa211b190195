from django.db import migrations

from tenants.rls import APP_ROLE, PLATFORM_ROLE, EnablePlatformRLS, EnableTenantRLS

# A version of a plan never changes: whoever bought it keeps it. Support may make versions and withdraw them.
PLANS_STAY = f"""
REVOKE INSERT, UPDATE, DELETE ON billing_plan FROM {APP_ROLE};
REVOKE UPDATE, DELETE ON billing_plan FROM {PLATFORM_ROLE};
GRANT UPDATE (is_offered) ON billing_plan TO {PLATFORM_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        EnableTenantRLS("Subscription"),
        EnableTenantRLS("Invoice"),
        EnableTenantRLS("BillingRequest"),
        EnableTenantRLS("Notice"),
        EnablePlatformRLS("StripeEvent", may_add="state = 'waiting' AND attempts = 0"),
        migrations.RunSQL(PLANS_STAY, migrations.RunSQL.noop),
    ]
