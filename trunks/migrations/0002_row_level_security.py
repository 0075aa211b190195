from django.db import migrations

from tenants.rls import CompositeForeignKey, EnableTenantRLS


class Migration(migrations.Migration):
    dependencies = [("trunks", "0001_initial"), ("tenants", "0002_row_level_security")]

    operations = [
        EnableTenantRLS("Trunk"),
        EnableTenantRLS("Gateway"),
        EnableTenantRLS("AllowedNetwork"),
        EnableTenantRLS("DigestCredential"),
        EnableTenantRLS("HealthPolicy"),
        EnableTenantRLS("GatewayHealth"),
        EnableTenantRLS("StatusChange"),
        EnableTenantRLS("ProbeAnswer"),
        CompositeForeignKey("Gateway", "trunk"),
        CompositeForeignKey("AllowedNetwork", "trunk"),
        CompositeForeignKey("DigestCredential", "trunk"),
        CompositeForeignKey("HealthPolicy", "trunk"),
        CompositeForeignKey("GatewayHealth", "gateway"),
        CompositeForeignKey("StatusChange", "trunk"),
        CompositeForeignKey("StatusChange", "gateway"),
        CompositeForeignKey("ProbeAnswer", "gateway"),
    ]
