"""Bodies that bring a file: multipart/form-data, no larger than what the file may be."""

from collections.abc import Mapping
from typing import IO, Any, Final

from rest_framework.parsers import MultiPartParser

from common.api.problems import TooLarge

AROUND: Final = 64 * 1024
"""Bytes of a body beside those of its file."""


class UploadParser(MultiPartParser):
    """A form with a file; TooLarge before a byte of it is read. A view's parser says the size."""

    largest: int = 0

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        meta = parser_context["request"].META if parser_context else {}
        length = str(meta.get("CONTENT_LENGTH") or "0")
        if not length.isdecimal() or int(length) > self.largest + AROUND:
            raise TooLarge
        return super().parse(stream, media_type, parser_context)


def uploads(largest: int) -> list[type[UploadParser]]:
    """The parsers of a view that takes files of so many bytes."""
    return [type("Uploads", (UploadParser,), {"largest": largest})]
