"""How the API tells causes: in words, and with nothing that is withheld from tenants."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.serializers import CauseSerializer
from trunks.health.judging import visible_detail, visible_target
from trunks.wording import told_cause


@extend_schema_field(CauseSerializer(allow_null=True))
class CauseField(serializers.Field[str, str, Any, Any]):
    """A stored cause in words; null where nothing failed.

    An address that we refuse to contact is told like a name that does not exist, so that nobody can use us
    to find out what stands inside our network.
    """

    def to_representation(self, value: str) -> Any:
        cause = told_cause(value)
        return None if cause is None else CauseSerializer(cause).data


class DetailField(serializers.CharField):
    """A detail of a check, left out where it would tell a refused address from a name that does not exist."""

    def __init__(self, column: str, **kwargs: Any) -> None:
        self.column = column
        super().__init__(source="*", read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        told = {"detail": visible_detail, "target": visible_target}[self.column]
        return told(value.cause, getattr(value, self.column))
