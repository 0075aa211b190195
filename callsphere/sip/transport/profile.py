"""What TLS connections to one peer trust and present, where that differs from the operator's settings."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TlsProfile:
    """Two profiles are the same when all of this is: only then do their connections and contexts mix.

    `scope` names whose it is, so that equal texts of two owners stay apart. `authorities` are trusted
    alone, in place of the operator's roots (empty: those). `chain` is presented when the peer asks for
    a certificate, ours first; `private_key` belongs to it. All are PEM, the key in clear.
    """

    scope: str
    authorities: str = field(default="", repr=False)
    chain: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)

    @property
    def presents(self) -> bool:
        """Whether there is a certificate to present."""
        return bool(self.chain)

    def load_into(self, context: ssl.SSLContext) -> None:
        """Have a context present the certificate; raise ssl.SSLError when it cannot be used."""
        if not self.presents:
            return
        with _as_file(f"{self.private_key.strip()}\n{self.chain}") as path:
            context.load_cert_chain(path, password="")


@contextlib.contextmanager
def _as_file(text: str) -> Iterator[str]:
    """Lend a path to the text: OpenSSL reads keys from files alone. In memory where the system can."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("callsphere-tls")
        try:
            os.write(descriptor, text.encode())
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:  # readable by us alone, gone afterwards
        file.write(text)
        file.flush()
        yield file.name
