"""The way mails leave: to the server of EMAIL_URL, or without one into files of EMAIL_FILE_PATH."""

import os
import smtplib
from contextlib import suppress
from pathlib import Path
from typing import Protocol, cast

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from django.utils import timezone

from tenants.models import OutgoingMail


class Transport(Protocol):
    """Takes several mails one after the other, between `open` and `close`."""

    def open(self) -> None:
        """Get ready. Raises OSError (SMTPException is one)."""

    def send(self, mail: OutgoingMail, content: bytes) -> None:
        """Hand over one mail, lines ended by CRLF. Raises OSError, and UnicodeError for an odd address."""

    def close(self) -> None:
        """Say goodbye; never raises."""


def make_transport() -> Transport:
    """Return the way that this installation's mails leave."""
    return SmtpTransport() if settings.EMAIL_URL else FileTransport(Path(settings.EMAIL_FILE_PATH))


class SmtpTransport:
    """One session with the mail server."""

    def __init__(self) -> None:
        # Django's knows how to connect: TLS, sign-in, time-outs.
        self._backend = SmtpBackend()

    def open(self) -> None:
        self._backend.open()

    def send(self, mail: OutgoingMail, content: bytes) -> None:
        session = cast(smtplib.SMTP, self._backend.connection)
        session.sendmail(mail.sender, [mail.recipient], content)

    def close(self) -> None:
        with suppress(OSError):
            self._backend.close()


class FileTransport:
    """A file for each mail, readable by this user alone: a link in it may let its holder in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)

    def send(self, mail: OutgoingMail, content: bytes) -> None:
        name = f"{timezone.localtime():%Y%m%d-%H%M%S}-{mail.pk}.eml"
        unfinished = self._folder / f".{name}"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.replace(b"\r\n", b"\n"))
        unfinished.rename(self._folder / name)

    def close(self) -> None:
        """Nothing is open."""
