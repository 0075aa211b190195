"""`manage.py demo`: make the demo data, and say how to sign in."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from callsphere.local.demo import OWNER_EMAIL, STAFF_EMAIL, VIEWER_EMAIL, make_demo


class Command(BaseCommand):
    """Makes a clinic with a trunk to each sandbox carrier; once, however often it is run."""

    help = "Make demo data that talks to the sandbox carriers, and print the demo logins."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--sandbox-port", type=int, default=15060, help="the sandbox carriers' first port (15060)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        logins = make_demo(Path(settings.BASE_DIR) / ".local" / "demo.json", options["sandbox_port"])
        self.stdout.write("Demo logins (password for all three: " + self.style.SUCCESS(logins.password) + ")")
        self.stdout.write(f"  {OWNER_EMAIL:<30} owner of the clinic")
        self.stdout.write(f"  {VIEWER_EMAIL:<30} may look, not change")
        self.stdout.write(f"  {STAFF_EMAIL:<30} CallSphere support, at {settings.PUBLIC_URL}/admin/")
        self.stdout.write(
            f"  The support login asks for a one-time code. Its TOTP secret: {logins.totp_secret}"
        )
