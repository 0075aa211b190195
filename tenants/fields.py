"""Model fields of ours."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from callsphere.lib.crypto import Sealed


class EncryptedTextField(models.TextField):
    """A column that holds only sealed values (see `tenants.keys.seal_for` and `reveal`).

    It refuses plain text, so that a secret cannot be stored in clear by mistake; reading gives the
    sealed value, which prints as nothing.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: str | None, _expression: object, _connection: BaseDatabaseWrapper) -> Any:
        return None if value is None else Sealed(value)

    def get_prep_value(self, value: Any) -> Any:
        if value in (None, ""):
            return value
        if not isinstance(value, Sealed):
            raise ValidationError("This column takes sealed values only.", code="not_sealed")
        return str.__str__(value)
