"""Why a mail did not leave, in words for the people who look after the installation."""

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass

from django.conf import settings

from callsphere.lib.crypto import SecretUnreadable

ERRORS = (OSError, UnicodeError, SecretUnreadable)
"""What sending raises. SMTPException is an OSError."""
_LONGEST = 255
# The first that fits; what follows the mail server's name.
_TROUBLES: tuple[tuple[type[Exception], str], ...] = (
    (smtplib.SMTPAuthenticationError, "does not accept our user name and password ({error.smtp_code})."),
    (smtplib.SMTPNotSupportedError, "cannot do what EMAIL_URL asks for: {error}"),
    (smtplib.SMTPServerDisconnected, "closed the connection."),
    (smtplib.SMTPResponseException, "answered {error.smtp_code} when we came."),
    (smtplib.SMTPException, "was not understood ({kind})."),
    (TimeoutError, "did not answer in time."),
    (ConnectionRefusedError, "takes no connections."),
    (socket.gaierror, "is a name that leads nowhere."),
    (ssl.SSLCertVerificationError, "has no certificate that we trust: {error.verify_message}."),
    (ssl.SSLError, "takes no secure connection: {error.reason}."),
)
# Mail servers repeat addresses, and parts of the mail that they refuse, a link among them. Logs show these
# texts: nothing that could be an address or a link is kept.
_HIDDEN = re.compile(r"\S*[/\\%@]\S*|\S{31,}")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a mail did not leave. `is_final` when trying again would end the same way; `ends_session` when the
    mails after it cannot be sent over the same connection.
    """

    text: str
    is_final: bool = False
    ends_session: bool = True


def explain(error: Exception) -> Failure:
    """Say what stopped a mail."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, answer = next(iter(error.recipients.values()))
            return _refusal("The mail server refuses this address", code, answer)
        case smtplib.SMTPDataError():
            return _refusal("The mail server refuses this mail", error.smtp_code, error.smtp_error)
        case smtplib.SMTPSenderRefused():
            # The operator's to mend: DEFAULT_FROM_EMAIL, or the right to send for it.
            refusal = _refusal(
                f"The mail server refuses our address {error.sender}", error.smtp_code, error.smtp_error
            )
            return Failure(refusal.text, ends_session=refusal.ends_session)
        case SecretUnreadable():
            return Failure(f"The mail cannot be opened: {error}.", ends_session=False)
        case UnicodeError():
            return Failure("The address cannot be written to a mail server.", is_final=True)
    return Failure(_trouble(error)[:_LONGEST])


def _refusal(what: str, code: int, answer: bytes | str) -> Failure:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    told = " ".join(_HIDDEN.sub("[…]", text).split())
    printable = "".join(character if character.isprintable() else " " for character in told)
    # RFC 5321 §4.2.1: 5yz will not change, 4yz may; after 421 (§3.8) the server is gone.
    return Failure(f"{what}: {code} {printable}"[:_LONGEST], is_final=code >= 500, ends_session=code == 421)


def _trouble(error: Exception) -> str:
    if not settings.EMAIL_URL:
        return f"Cannot write to {settings.EMAIL_FILE_PATH}: {getattr(error, 'strerror', '') or error}"
    if isinstance(error, smtplib.SMTPServerDisconnected) and "timed out" in str(error):
        error = TimeoutError()
    words = next(
        (words for kind, words in _TROUBLES if isinstance(error, kind)), "cannot be reached: {error}"
    )
    return (
        f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} {words.format(error=error, kind=type(error).__name__)}"
    )
