"""A password that we send is bound to the hosts it was entered for; the database lets no gateway stand elsewhere.

The triggers run at once, with the rights of whoever writes: services clear passwords first, then move gateways.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

# What is stored was entered for the gateways that are there: leading elsewhere has always cleared it. The owner
# sees the rows only while row-level security is not forced on it.
BIND_STORED = [
    "ALTER TABLE trunks_digestcredential NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE trunks_gateway NO FORCE ROW LEVEL SECURITY",
    """
    UPDATE trunks_digestcredential AS credential
    SET bound_hosts = ARRAY(SELECT DISTINCT host FROM trunks_gateway AS gateway
                            WHERE gateway.tenant_id = credential.tenant_id
                              AND gateway.trunk_id = credential.trunk_id ORDER BY host)
    WHERE direction = 'outbound' AND secret IS NOT NULL
    """,
    "ALTER TABLE trunks_gateway FORCE ROW LEVEL SECURITY",
    "ALTER TABLE trunks_digestcredential FORCE ROW LEVEL SECURITY",
]

GUARD_GATEWAY = """
CREATE FUNCTION trunks_guard_gateway_host() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM trunks_digestcredential AS credential
               WHERE credential.tenant_id = NEW.tenant_id AND credential.trunk_id = NEW.trunk_id
                 AND credential.direction = 'outbound' AND credential.secret IS NOT NULL
                 AND NEW.host <> ALL (credential.bound_hosts)) THEN
        RAISE EXCEPTION 'a password of this trunk was not entered for the host of the gateway'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'gateway_host_of_secrets';
    END IF;
    RETURN NULL;
END $$
"""

GUARD_CREDENTIAL = """
CREATE FUNCTION trunks_guard_secret_hosts() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.direction <> 'outbound' OR NEW.secret IS NULL THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM trunks_gateway AS gateway
               WHERE gateway.tenant_id = NEW.tenant_id AND gateway.trunk_id = NEW.trunk_id
                 AND gateway.host <> ALL (NEW.bound_hosts)) THEN
        RAISE EXCEPTION 'the trunk has a gateway at a host that the password was not entered for'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'secret_hosts_of_gateways';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.secret = OLD.secret AND NOT (
           NEW.trunk_id = OLD.trunk_id AND NEW.direction = OLD.direction AND NEW.bound_hosts <@ OLD.bound_hosts) THEN
        RAISE EXCEPTION 'a stored password is bound to its trunk, direction and hosts'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'secret_hosts_stay';
    END IF;
    RETURN NULL;
END $$
"""

TRIGGERS = [
    """
    CREATE TRIGGER gateway_host_of_secrets AFTER INSERT OR UPDATE OF host, trunk_id ON trunks_gateway
    FOR EACH ROW EXECUTE FUNCTION trunks_guard_gateway_host()
    """,
    """
    CREATE TRIGGER secret_hosts AFTER INSERT OR UPDATE ON trunks_digestcredential
    FOR EACH ROW EXECUTE FUNCTION trunks_guard_secret_hosts()
    """,
]


class Migration(migrations.Migration):
    dependencies = [("trunks", "0003_probe_history")]

    operations = [
        migrations.AddField(
            model_name="digestcredential",
            name="bound_hosts",
            field=ArrayField(
                base_field=models.CharField(max_length=253),
                blank=True,
                default=list,
                editable=False,
                help_text="The only hosts that the password may be sent to",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="digestcredential",
            name="cleared_because",
            field=models.CharField(
                blank=True,
                choices=[
                    ("gateway_added", "a gateway was added at another host"),
                    ("gateway_moved", "a gateway leads to another host, port or transport now"),
                    ("realm_changed", "the realm was changed"),
                    ("direction_changed", "the direction was changed"),
                ],
                editable=False,
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="digestcredential",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cleared_because", ""),
                    models.Q(
                        (
                            "cleared_because__in",
                            ["gateway_added", "gateway_moved", "realm_changed", "direction_changed"],
                        ),
                        ("secret", None),
                    ),
                    _connector="OR",
                ),
                name="digest_credential_cleared",
            ),
        ),
        migrations.RunSQL(BIND_STORED, migrations.RunSQL.noop),
        migrations.RunSQL(
            [GUARD_GATEWAY, GUARD_CREDENTIAL, *TRIGGERS],
            [
                "DROP TRIGGER secret_hosts ON trunks_digestcredential",
                "DROP TRIGGER gateway_host_of_secrets ON trunks_gateway",
                "DROP FUNCTION trunks_guard_secret_hosts(), trunks_guard_gateway_host()",
            ],
        ),
    ]
