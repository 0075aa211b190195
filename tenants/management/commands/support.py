"""`manage.py support add EMAIL [--superuser]`: a first login for the admin, without a browser."""

import secrets
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from tenants.models import User


class Command(BaseCommand):
    """Exit codes: 0 done, 2 unusable arguments."""

    help = "Let somebody into the admin. The second factor is set up at the first visit."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="Make an account, or raise one, to CallSphere support.")
        add.add_argument("email", metavar="EMAIL")
        add.add_argument("--superuser", action="store_true", help="May also decide about other staff.")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email}: {' '.join(error.messages)}", returncode=2) from None
        password = add_support(email, is_superuser=options["superuser"])
        self.stdout.write(f"{email} belongs to support now, and sets up a one-time code at the first visit.")
        self.stdout.write(f"Password  {password}" if password else "The account existed: its password stays.")


@transaction.atomic
def add_support(email: str, *, is_superuser: bool) -> str | None:
    """Make the account a member of support; return the password of a new one."""
    user = User.objects.filter(email__iexact=email).first()
    password = None
    if user is None:
        password = secrets.token_urlsafe(18)
        user = User.objects.create_user(email, password)
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    user.is_staff = True
    user.is_superuser = user.is_superuser or is_superuser
    user.save(update_fields=["is_staff", "is_superuser"])
    return password
