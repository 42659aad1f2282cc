"""Bodies that bring a file: multipart/form-data, no larger than what the file may be."""

from collections import Counter
from collections.abc import Mapping
from typing import IO, Any, Final

from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles, MultiPartParser

from common.api.problems import TooLarge

AROUND: Final = 64 * 1024
"""Bytes of a body beside those of its file."""


class UploadParser(MultiPartParser):
    """A form with a file, each field once; TooLarge before a byte of it is read.

    A view's parser says the size.
    """

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
        form = super().parse(stream, media_type, parser_context)
        _refuse_twice(form)
        return form


def _refuse_twice(form: "DataAndFiles[Any, Any]") -> None:
    sent = Counter[str]()
    for part in (form.data, form.files):
        sent.update({name: len(values) for name, values in part.lists()})
    for name, times in sent.items():
        if times > 1:
            raise ParseError(f"The field {name!r} is there twice.", code="duplicate_key")


def uploads(largest: int) -> list[type[UploadParser]]:
    """The parsers of a view that takes files of so many bytes."""
    return [type("Uploads", (UploadParser,), {"largest": largest})]
