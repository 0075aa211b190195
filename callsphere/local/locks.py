"""Locks between commands of one checkout: the kernel drops them when the holder dies, however it dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Held(Exception):
    """Another process holds the lock. The message is what that process wrote about itself."""


@contextmanager
def hold(path: Path, about: str) -> Iterator[None]:
    """Hold the lock, with `about` in it for others to read. Raises Held at once when it is taken."""
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Held(file.read()) from None
        file.truncate(0)
        file.write(about)
        file.flush()
        yield
