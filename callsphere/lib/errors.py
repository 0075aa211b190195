"""Refusals that services raise and every surface translates."""

from collections.abc import Mapping


class Refused(Exception):
    """The request is understood and refused. `str()` is a sentence for the person who asked.

    `code` is stable and meant for programs.
    """

    code = "refused"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code:
            self.code = code


class VersionConflict(Refused):
    """Somebody else saved the object in the meantime: nothing was written.

    `yours` and `theirs` map a field's name to its value, for those that differ.
    """

    code = "version_conflict"

    def __init__(
        self, *, current_version: int, yours: Mapping[str, object], theirs: Mapping[str, object]
    ) -> None:
        super().__init__(
            "Somebody else changed this in the meantime. Compare both versions, then save again."
        )
        self.current_version = current_version
        self.yours = yours
        self.theirs = theirs


class ReadOnly(Refused):
    """The tenant may look and change nothing until what the sentence says is done."""

    code = "read_only"


class LimitReached(Refused):
    """The plan's limit does not allow one more."""

    code = "limit_reached"
