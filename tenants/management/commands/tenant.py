"""`manage.py tenant create NAME --owner EMAIL [--json]`: a tenant for somebody, without a browser."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from callsphere.lib.errors import Refused
from tenants.audit import Actor
from tenants.services.provisioning import ProvisionedTenant, provision_tenant


class Command(BaseCommand):
    """Exit codes: 0 made, 1 refused (nothing was made), 2 unusable arguments."""

    help = "Make a tenant with its owner and a first API key. Key and password are shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="Make a tenant, its owner and an API key.")
        create.add_argument("name", help="The tenant's name, such as 'Acme Dental'.")
        create.add_argument(
            "--owner", required=True, metavar="EMAIL", help="An account is made if there is none."
        )
        create.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = provision_tenant(
                name=options["name"],
                owner_email=options["owner"],
                actor=Actor.system("manage.py tenant create"),
            )
        except Refused as refusal:
            raise CommandError(str(refusal), returncode=1) from None
        except ValidationError as error:
            wrong = [f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items()]
            raise CommandError("; ".join(wrong), returncode=2) from None
        self.stdout.write(json.dumps(_as_json(made)) if options["json"] else _as_text(made))


def _as_json(made: ProvisionedTenant) -> dict[str, Any]:
    return {
        "tenant": {"id": str(made.tenant.pk), "slug": made.tenant.slug, "name": made.tenant.name},
        "owner": {"email": made.owner.email, "password": made.password},
        "api_key": made.api_key,
    }


def _as_text(made: ProvisionedTenant) -> str:
    password = made.password or "(the account existed: its password stays)"
    return "\n".join(
        [
            f"Tenant    {made.tenant.name} (/t/{made.tenant.slug}/, id {made.tenant.pk})",
            f"Owner     {made.owner.email}",
            f"Password  {password}",
            f"API key   {made.api_key}",
            "Password and key cannot be shown again.",
        ]
    )
