from django.db import migrations

from tenants.rls import EnableTenantRLS


class Migration(migrations.Migration):
    dependencies = [("alerts", "0001_initial")]

    operations = [EnableTenantRLS("Incident")]
