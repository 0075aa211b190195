"""The OpenAPI document: what drf-spectacular cannot see in a viewset, said once for all."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema_serializer
from rest_framework import serializers

from tenants.errors import CONTENT_TYPE
from tenants.renderers import FileRenderer

_ALWAYS = ("401", "403", "429")
_SUMMARIES = {
    "list": "List {many}",
    "create": "Create {one}",
    "retrieve": "Read {one}",
    "update": "Replace {one}",
    "partial_update": "Change {one}",
    "destroy": "Delete {one}",
}
_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Any text of up to 255 characters, new for each new request. The same request with the same "
    "key within a day gets the same answer, and is not done twice.",
)
_IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag of the version that the change was made from.",
)
_ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=["200", "201"],
    description="The version of the object, to be sent back as If-Match where the operation asks for it.",
)


_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def methods_in_order(endpoints: list[tuple[str, str, str, Any]], **_more: Any) -> list[Any]:
    """Order the operations of each path by method, so that every process gives the same document."""
    places = {path: place for place, path in enumerate(dict.fromkeys(each[0] for each in endpoints))}
    return sorted(endpoints, key=lambda each: (places[each[0]], _METHODS.index(each[2])))


class FieldErrorSerializer(serializers.Serializer[Any]):
    """One wrong field."""

    field = serializers.CharField(help_text="Where, such as gateways[1].uri; empty for the whole request.")
    pointer = serializers.CharField(
        required=False,
        help_text="The same place as a JSON pointer into the body, such as #/gateways/1/uri. Left out for"
        " parameters and headers.",
    )
    message = serializers.CharField(help_text="A sentence for people.")
    code = serializers.CharField(help_text="Stable, for programs.")


@extend_schema_serializer(
    component_name="Problem",
    examples=[
        OpenApiExample(
            "A wrong field",
            value={
                "type": "urn:callsphere:error:invalid",
                "title": "Bad Request",
                "status": 400,
                "detail": "Some fields are wrong.",
                "errors": [
                    {
                        "field": "gateways[1].uri",
                        "pointer": "#/gateways/1/uri",
                        "message": "Start the address with sip: or sips:, for example sip:sip.example.com.",
                        "code": "uri_invalid",
                    }
                ],
            },
        )
    ],
)
class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details (RFC 9457)."""

    type = serializers.CharField(help_text="urn:callsphere:error:… ends in a stable code for programs.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence for people.")
    errors = FieldErrorSerializer(many=True, help_text="Empty unless fields are wrong.")  # type: ignore[assignment]  # a field hides DRF's property


@extend_schema_serializer(component_name="VersionConflict")
class ConflictSerializer(ProblemSerializer):
    """Somebody else changed the object in the meantime; nothing was stored."""

    current_version = serializers.IntegerField()
    yours = serializers.DictField(help_text="What you sent, for the fields that differ.")
    theirs = serializers.DictField(help_text="What is stored, for the same fields.")


class ApiSchema(AutoSchema):
    """Adds to each operation its headers, its errors and a summary made of the viewset's `noun`."""

    def get_summary(self) -> str | None:
        noun = getattr(self.view, "noun", None)
        template = _SUMMARIES.get(getattr(self.view, "action", ""))
        return template.format(one=noun[0], many=noun[1]) if noun and template else None

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular types it as giving nothing
        # Docstrings speak to those who read the code.
        return ""

    def get_override_parameters(self) -> list[Any]:
        if self.method == "POST":
            return [_IDEMPOTENCY_KEY, _ETAG] if self._makes_object() else [_IDEMPOTENCY_KEY]
        if self._is_edit():
            return [_IF_MATCH] if self.method == "DELETE" else [_IF_MATCH, _ETAG]
        return [] if self._is_list_view() or self._is_file() or self.method == "DELETE" else [_ETAG]

    def _is_file(self) -> bool:
        return any(issubclass(each, FileRenderer) for each in getattr(self.view, "renderer_classes", ()))

    def _makes_object(self) -> bool:
        return getattr(self.view, "action", "") == "create"

    def _is_edit(self) -> bool:
        """Whether a stored version is changed: all but what is set as a whole, or made and ended."""
        return self.method in ("PUT", "PATCH", "DELETE") and getattr(self.view, "is_versioned", True)

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        for code in self._error_codes():
            serializer = ConflictSerializer if code == "412" else ProblemSerializer
            bodies.setdefault(code, self._get_response_for_code(serializer, code, [CONTENT_TYPE]))
        return dict(sorted(bodies.items()))

    def _error_codes(self) -> set[str]:
        codes = {*_ALWAYS}
        if "{" in self.path:
            codes.add("404")
        if self.method != "GET" or self._is_list_view():
            codes.add("400")
        if self.method == "POST":
            codes |= {"409", "422"}
        if self.method in ("POST", "PUT", "PATCH"):
            codes |= {"413", "415"}
        if self._is_edit():
            codes |= {"409", "412", "428"}
        return codes
