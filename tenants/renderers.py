"""Answers of the API that are files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import JSONRenderer


class FileRenderer(JSONRenderer):
    """Sends bytes as they are. Whatever else there is to say, an error, is JSON as everywhere.

    Subclasses name `media_type` and `format`, the ending of a file's name.
    """

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if isinstance(data, bytes):
            return data
        return super().render(data, accepted_media_type, renderer_context)


class TextRenderer(FileRenderer):
    """Plain text in UTF-8."""

    media_type = "text/plain"
    format = "txt"
    charset = "utf-8"


class CaptureRenderer(FileRenderer):
    """A packet capture."""

    media_type = "application/vnd.tcpdump.pcap"
    format = "pcap"


class SoundRenderer(FileRenderer):
    """A sound."""

    media_type = "audio/wav"
    format = "wav"
    charset = None
