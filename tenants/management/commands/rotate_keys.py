"""`manage.py rotate_keys`: bring stored secrets under the newest key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tenants.audit import Actor
from tenants.services.key_rotation import replace_data_keys, reseal_mails, rewrap_data_keys


class Command(BaseCommand):
    """Wraps data keys anew; with --data-keys it replaces them too. Safe to run again."""

    help = "Wrap the tenants' data keys, and seal waiting mails, with the newest key of KEY_ENCRYPTION_KEYS."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--data-keys",
            action="store_true",
            help="also give every tenant a fresh data key, and seal its secrets with that",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        actor = Actor.system("manage.py rotate_keys")
        self.stdout.write(f"{rewrap_data_keys(actor)} data keys wrapped with the newest key-encryption key.")
        self.stdout.write(f"{reseal_mails()} mails sealed with it.")
        if options["data_keys"]:
            self.stdout.write(f"{replace_data_keys(actor)} secrets sealed with fresh data keys.")
