"""The log's own order, which the primary key does not give: see `callsphere.calls.models.calls.NEWEST`."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("calls", "0004_calls_row_level_security")]

    operations = [
        migrations.RemoveIndex(
            model_name="call",
            name="call_of_number",
        ),
        migrations.RemoveIndex(
            model_name="call",
            name="call_of_trunk",
        ),
        migrations.RemoveIndex(
            model_name="call",
            name="call_of_agent",
        ),
        migrations.RemoveIndex(
            model_name="call",
            name="call_by_outcome",
        ),
        migrations.RemoveIndex(
            model_name="call",
            name="call_by_sip_code",
        ),
        migrations.RemoveIndex(
            model_name="call",
            name="call_by_duration",
        ),
        migrations.RemoveIndex(
            model_name="call",
            name="call_live",
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                models.F("tenant"),
                models.OrderBy(models.F("id"), descending=True, nulls_last=True),
                name="call_of_tenant",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                models.F("phone_number"),
                models.OrderBy(models.F("id"), descending=True, nulls_last=True),
                name="call_of_number",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                models.F("trunk"),
                models.OrderBy(models.F("id"), descending=True, nulls_last=True),
                name="call_of_trunk",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                models.F("agent"),
                models.OrderBy(models.F("id"), descending=True, nulls_last=True),
                name="call_of_agent",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                models.F("tenant"),
                models.F("direction"),
                models.OrderBy(models.F("id"), descending=True, nulls_last=True),
                name="call_by_direction",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                models.F("tenant"),
                models.F("outcome"),
                models.OrderBy(models.F("id"), descending=True, nulls_last=True),
                name="call_by_outcome",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                models.F("tenant"),
                models.F("sip_code"),
                models.OrderBy(models.F("id"), descending=True, nulls_last=True),
                name="call_by_sip_code",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                models.F("tenant"),
                models.F("talked_s"),
                models.OrderBy(models.F("id"), descending=True, nulls_last=True),
                name="call_by_duration",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                models.F("tenant"),
                models.OrderBy(models.F("id"), descending=True, nulls_last=True),
                condition=models.Q(("state", "ended"), _negated=True),
                name="call_live",
            ),
        ),
    ]
