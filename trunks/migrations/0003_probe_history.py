"""History of probes in tables divided by day, and the allowance that every probed address has.

Partitions are made and dropped by two functions that run as the owner, so that the application needs no
right to change tables. Reading and writing goes through the parent tables, whose policies bind; the partitions
themselves are closed to the application.
"""

import django.db.models.deletion
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from tenants.rls import APP_ROLE, PLATFORM_ROLE, TENANT

TABLES = ("trunks_probebucket", "trunks_probehour")

COLUMNS = """
    tenant_id uuid NOT NULL,
    gateway_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    checks integer NOT NULL,
    answered integer NOT NULL,
    healthy integer NOT NULL,
    failures jsonb NOT NULL,
    {latencies},
    PRIMARY KEY (tenant_id, gateway_id, starts_at),
    CONSTRAINT {table}_gateway_same_tenant FOREIGN KEY (tenant_id, gateway_id)
        REFERENCES trunks_gateway (tenant_id, id) ON DELETE CASCADE
"""
LATENCIES = {
    "trunks_probebucket": "latencies_us integer[] NOT NULL",
    "trunks_probehour": "latency_min_us integer, latency_mean_us integer, latency_p95_us integer",
}

# Runs as the owner. Days are UTC. What the caller names only decides which days exist, within bounds; what is
# dropped depends on the clock alone.
MAKE_DAY = f"""
CREATE FUNCTION trunks_make_history_day(wanted date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    parent text;
    partition text;
    starts timestamptz := wanted::timestamp AT TIME ZONE 'UTC';
BEGIN
    IF wanted NOT BETWEEN (now() - interval '100 days')::date AND (now() + interval '40 days')::date THEN
        RAISE EXCEPTION 'no history is kept for %', wanted USING ERRCODE = 'datetime_field_overflow';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('trunks_history_days'));
    FOREACH parent IN ARRAY ARRAY['{TABLES[0]}', '{TABLES[1]}'] LOOP
        partition := parent || to_char(wanted, '_YYYYMMDD');
        CONTINUE WHEN to_regclass('public.' || partition) IS NOT NULL;
        -- Attaching takes a weaker lock than CREATE ... PARTITION OF: probes go on meanwhile.
        EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS) WITH (fillfactor = 80)',
                       partition, parent);
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition);
        EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, {APP_ROLE}, {PLATFORM_ROLE}', partition);
        EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                       parent, partition, starts, starts + interval '24 hours');
    END LOOP;
END $$
"""

MAINTAIN = f"""
CREATE FUNCTION trunks_maintain_history(days_ahead integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    old record;
BEGIN
    FOR ahead IN -1 .. least(days_ahead, 31) LOOP
        PERFORM public.trunks_make_history_day(today + ahead);
    END LOOP;
    FOR old IN
        SELECT child.relname AS partition, to_date(right(child.relname, 8), 'YYYYMMDD') AS day,
               CASE parent.relname WHEN '{TABLES[0]}' THEN interval '48 hours' ELSE interval '90 days' END AS kept
        FROM pg_inherits
        JOIN pg_class child ON child.oid = inhrelid
        JOIN pg_class parent ON parent.oid = inhparent
        JOIN pg_namespace ON pg_namespace.oid = parent.relnamespace AND nspname = 'public'
        WHERE parent.relname IN ('{TABLES[0]}', '{TABLES[1]}') AND parent.relkind = 'p'
    LOOP
        IF (old.day + 1)::timestamp AT TIME ZONE 'UTC' <= now() - old.kept THEN
            EXECUTE format('DROP TABLE public.%I', old.partition);
        END IF;
    END LOOP;
END $$
"""

FUNCTIONS = ("trunks_make_history_day(date)", "trunks_maintain_history(integer)")


def table_statements(table):
    check = f"tenant_id = {TENANT}"
    columns = COLUMNS.format(table=table, latencies=LATENCIES[table])
    return [
        f"CREATE TABLE {table} ({columns}) PARTITION BY RANGE (starts_at)",
        # rolling up reads one hour of every gateway
        f"CREATE INDEX {table}_starts_at ON {table} (starts_at)",
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {table} TO {APP_ROLE} USING ({check}) WITH CHECK ({check})",
        f"CREATE POLICY platform ON {table} TO {PLATFORM_ROLE} USING (true) WITH CHECK (true)",
        f"REVOKE ALL ON {table} FROM {APP_ROLE}, {PLATFORM_ROLE}",
        f"GRANT SELECT ON {table} TO {APP_ROLE}",
        f"GRANT SELECT, INSERT, UPDATE ON {table} TO {PLATFORM_ROLE}",
    ]


def function_statements():
    for function in FUNCTIONS:
        yield f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"
        yield f"GRANT EXECUTE ON FUNCTION {function} TO {APP_ROLE}, {PLATFORM_ROLE}"


# A worker may store an answer while its gateway is being deleted: what it added goes along.
CASCADES = [
    f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_gateway_same_tenant",'
    f' ADD CONSTRAINT "{table}_gateway_same_tenant" FOREIGN KEY (tenant_id, gateway_id)'
    " REFERENCES trunks_gateway (tenant_id, id) ON DELETE CASCADE"
    for table in ("trunks_statuschange", "trunks_probeanswer")
]
NO_CASCADES = [
    f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_gateway_same_tenant",'
    f' ADD CONSTRAINT "{table}_gateway_same_tenant" FOREIGN KEY (tenant_id, gateway_id)'
    " REFERENCES trunks_gateway (tenant_id, id) DEFERRABLE INITIALLY DEFERRED"
    for table in ("trunks_statuschange", "trunks_probeanswer")
]

# Every probe writes its gateway's row twice: room for the new version on the same page, and vacuum before the
# index of due rows fills with dead ones.
STORAGE = [
    "ALTER TABLE trunks_gatewayhealth SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05)",
    "ALTER TABLE trunks_probeanswer SET (fillfactor = 80)",
    # Lost in a crash, and then every address simply has its full allowance again.
    "ALTER TABLE trunks_addressallowance SET UNLOGGED",
]


def history_fields(*latencies):
    return [
        ("starts_at", models.DateTimeField()),
        ("checks", models.IntegerField()),
        ("answered", models.IntegerField()),
        ("healthy", models.IntegerField()),
        ("failures", models.JSONField(help_text="Cause to count")),
        (
            "pk",
            models.CompositePrimaryKey(
                "tenant_id",
                "gateway_id",
                "starts_at",
                blank=True,
                editable=False,
                primary_key=True,
                serialize=False,
            ),
        ),
        *latencies,
        (
            "gateway",
            models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="trunks.gateway",
            ),
        ),
        (
            "tenant",
            models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("trunks", "0002_row_level_security")]

    operations = [
        migrations.CreateModel(
            name="ProbeBucket",
            fields=history_fields(("latencies_us", ArrayField(base_field=models.IntegerField(), size=None))),
            options={"db_table": "trunks_probebucket", "managed": False},
        ),
        migrations.CreateModel(
            name="ProbeHour",
            fields=history_fields(
                ("latency_min_us", models.IntegerField(null=True)),
                ("latency_mean_us", models.IntegerField(null=True)),
                ("latency_p95_us", models.IntegerField(null=True)),
            ),
            options={"db_table": "trunks_probehour", "managed": False},
        ),
        migrations.CreateModel(
            name="AddressAllowance",
            fields=[
                ("address", models.CharField(max_length=45, primary_key=True, serialize=False)),
                ("tokens", models.FloatField()),
                ("granted", models.IntegerField(help_text="How many the last taking got")),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(
            [statement for table in TABLES for statement in table_statements(table)],
            [f"DROP TABLE {table}" for table in TABLES],
        ),
        migrations.RunSQL(
            [MAKE_DAY, MAINTAIN, *function_statements(), "SELECT trunks_maintain_history(7)"],
            [f"DROP FUNCTION {function}" for function in FUNCTIONS],
        ),
        migrations.RunSQL(CASCADES, NO_CASCADES),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
    ]
