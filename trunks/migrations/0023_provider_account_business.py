"""How far the provider's approval is of the business behind an account, and when it is read."""

from django.db import migrations, models

# Accounts that were made before are read as well. The owner sees the rows only while row-level security is not
# forced on it.
READ_THOSE_THERE = [
    "ALTER TABLE trunks_provideraccount NO FORCE ROW LEVEL SECURITY",
    "UPDATE trunks_provideraccount SET business_due_at = now() WHERE key_sid <> '' AND status = 'active'",
    "ALTER TABLE trunks_provideraccount FORCE ROW LEVEL SECURITY",
]


class Migration(migrations.Migration):
    dependencies = [("trunks", "0022_trunk_provisions")]

    operations = [
        migrations.AddField(
            model_name="provideraccount",
            name="business_state",
            field=models.CharField(
                choices=[
                    ("unknown", "Not read yet"),
                    ("none", "None handed in"),
                    ("draft", "Not handed in yet"),
                    ("pending", "In review"),
                    ("rejected", "Rejected"),
                    ("approved", "Approved"),
                ],
                default="unknown",
                editable=False,
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="provideraccount",
            name="business_error",
            field=models.CharField(blank=True, editable=False, max_length=500),
        ),
        migrations.AddField(
            model_name="provideraccount",
            name="calls_at_once",
            field=models.PositiveSmallIntegerField(
                editable=False, help_text="Null: no limit that is known", null=True
            ),
        ),
        migrations.AddField(
            model_name="provideraccount",
            name="business_read_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="provideraccount",
            name="business_due_at",
            field=models.DateTimeField(
                editable=False,
                help_text="When it is read next; while it is read, when that lease ends",
                null=True,
            ),
        ),
        migrations.RunSQL(READ_THOSE_THERE, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="provideraccount",
            index=models.Index(
                condition=models.Q(("business_due_at__isnull", False)),
                fields=["business_due_at"],
                name="provider_account_business_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="provideraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("business_state__in", ["unknown", "none", "draft", "pending", "rejected", "approved"])
                ),
                name="provider_account_business_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="provideraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("key_sid", ""), _negated=True),
                    ("business_due_at", None),
                    _connector="OR",
                ),
                name="provider_account_business_readable",
            ),
        ),
    ]
