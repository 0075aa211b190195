"""What affiliates see of whom they brought: how many signed up, tried and paid, and of nobody who it was."""

from django.db import migrations, models

from tenants.rls import USER

OWN = f"user_id = {USER}"
OF_AFFILIATE = f"affiliate_id IN (SELECT id FROM billing_affiliate WHERE user_id = {USER})"
POLICY = "ALTER POLICY own_rows ON billing_referraltouch USING"


class Migration(migrations.Migration):
    dependencies = [("billing", "0008_event_charges")]

    operations = [
        migrations.AddField(
            model_name="affiliate",
            name="terms_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When they took the terms by themselves; support enrolled the others",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="referral",
            name="trial_at",
            field=models.DateTimeField(help_text="When the customer first had a plan", null=True),
        ),
        migrations.AddField(
            model_name="referral",
            name="converted_at",
            field=models.DateTimeField(help_text="When the customer first paid", null=True),
        ),
        migrations.RunSQL(f"{POLICY} ({OWN} OR {OF_AFFILIATE})", f"{POLICY} ({OWN})"),
    ]
