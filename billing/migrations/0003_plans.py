"""The first version of each plan. New prices and limits are new versions, in migrations of their own."""

from django.db import migrations

PLANS = (
    # code, name, cents a month, numbers, trunks, members, keys, requests a minute, outbound calls at a time
    ("one", "1 number", 14_900, 1, 5, 5, 5, 120, 2),
    ("three", "3 numbers", 49_900, 3, 15, 15, 10, 300, 5),
    ("ten", "10 numbers", 149_900, 10, 50, 50, 20, 600, 20),
)


def make_plans(apps, schema_editor):
    Plan = apps.get_model("billing", "Plan")
    Plan.objects.bulk_create(
        Plan(
            code=code,
            version=1,
            name=name,
            price=price,
            currency="usd",
            trial_days=14,
            number_limit=numbers,
            trunk_limit=trunks,
            member_limit=members,
            api_key_limit=keys,
            api_requests_per_minute=requests,
            concurrent_call_limit=calls,
        )
        for code, name, price, numbers, trunks, members, keys, requests, calls in PLANS
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_row_level_security")]

    operations = [migrations.RunPython(make_plans, migrations.RunPython.noop)]
