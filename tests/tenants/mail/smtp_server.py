"""A mail server on loopback that takes mails, refuses them, or breaks off, as a test says."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

from callsphere import env


@dataclass(frozen=True)
class Received:
    """A mail that the server said it took, and the session that brought it."""

    session: int
    sender: str
    recipient: str
    content: bytes

    @property
    def message(self) -> Message:
        return message_from_bytes(self.content)


@dataclass
class SmtpServer:
    """Speaks SMTP (RFC 5321) to each client in a thread of its own.

    `answers` maps a command, or "banner" and "content", to what is said instead of the usual; an address
    stands for RCPT with it. `close_at` and `hang_at` name the command at which the server breaks off or falls
    silent.
    """

    answers: dict[str, str] = field(default_factory=dict)
    close_at: str = ""
    hang_at: str = ""
    certificate: tuple[str, str] | None = None
    received: list[Received] = field(default_factory=list)
    sessions: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._connections: list[socket.socket] = []
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        self._ending.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in (self._accepting, *self._threads):
            thread.join(5)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _address = self._listener.accept()
                with self._lock:
                    self.sessions += 1
                    number = self.sessions
                self._connections.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection, number))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError, ConnectionError), connection:
            _Session(self, connection, number).run()

    def _comes_to(self, step: str) -> None:
        """Fall silent or break off where the test says so."""
        if step == self.hang_at:
            self._ending.wait(60)
            raise ConnectionError
        if step == self.close_at:
            raise ConnectionError


class _Session:
    def __init__(self, server: SmtpServer, connection: socket.socket, number: int) -> None:
        self._server = server
        self._connection = connection
        self._file = connection.makefile("rb")
        self._number = number
        self._sender = self._recipient = ""

    def run(self) -> None:
        self._server._comes_to("banner")
        self._say(self._server.answers.get("banner", "220 mail.test ESMTP"))
        while line := self._file.readline():
            command, _, argument = line.decode().strip().partition(" ")
            if not self._obey(command.upper(), argument):
                return

    def _obey(self, command: str, argument: str) -> bool:
        self._server._comes_to(command)
        answer = self._answer(command, argument)
        self._say(answer)
        if command == "STARTTLS" and answer.startswith("220"):
            self._secure()
        if command == "DATA" and answer.startswith("354"):
            self._take()
        return command != "QUIT"

    def _answer(self, command: str, argument: str) -> str:
        address = argument.partition("<")[2].partition(">")[0]
        if command == "MAIL":
            self._sender = address
        if command == "RCPT":
            self._recipient = address
        special = self._server.answers.get(address if command == "RCPT" else "", "")
        return special or self._server.answers.get(command) or self._usual(command)

    def _usual(self, command: str) -> str:
        can = "250-AUTH PLAIN\r\n" + ("250-STARTTLS\r\n" if self._server.certificate else "")
        return {
            "EHLO": f"250-mail.test\r\n{can}250 8BITMIME",
            "STARTTLS": "220 go ahead",
            "AUTH": "235 welcome",
            "DATA": "354 go ahead",
            "QUIT": "221 bye",
        }.get(command, "250 ok")

    def _take(self) -> None:
        lines = []
        while (line := self._file.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self._server._comes_to("content")
        answer = self._server.answers.get("content", "250 taken")
        if answer.startswith("250"):
            mail = Received(self._number, self._sender, self._recipient, b"".join(lines))
            self._server.received.append(mail)
        self._say(answer)

    def _secure(self) -> None:
        assert self._server.certificate is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._server.certificate)
        self._connection = context.wrap_socket(self._connection, server_side=True)
        self._file = self._connection.makefile("rb")

    def _say(self, text: str) -> None:
        self._connection.sendall(f"{text}\r\n".encode())


def use(settings: object, url: str, *, timeout_s: float = 60) -> None:
    """Have mails sent there, as EMAIL_URL would."""
    for name, value in {**env.email(url), "EMAIL_URL": url, "EMAIL_TIMEOUT": timeout_s}.items():
        setattr(settings, name, value)
