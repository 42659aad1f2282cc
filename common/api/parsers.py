"""JSON bodies, read strictly: nothing is guessed, dropped or merged."""

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from email.message import Message
from typing import IO, Any, Final, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from common.api.problems import TooLarge

MAX_KEYS: Final = 200
MAX_ITEMS: Final = 100
MAX_INT_DIGITS: Final = 20
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
"""What PostgreSQL or UTF-8 cannot hold: NUL and lone surrogates."""


class StrictJSONParser(BaseParser):
    """One JSON object in UTF-8; ParseError says what is wrong with any other body."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        meta = parser_context["request"].META if parser_context else {}
        _refuse_encoding(media_type or "", meta.get("HTTP_CONTENT_ENCODING", ""))
        return parse_object(_read(stream, meta.get("CONTENT_LENGTH") or "0"))


def parse_object(raw: bytes) -> dict[str, Any]:
    """The object that the bytes spell. Floats and huge integers become Decimal."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ParseError("The body must be UTF-8.", code="invalid_json") from None
    if _depth_of(text) > settings.API_MAX_DEPTH:
        raise ParseError(
            f"The body is nested deeper than {settings.API_MAX_DEPTH}.", code="too_deep"
        )
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object_of,
            parse_float=Decimal,
            parse_int=_int_of,
            parse_constant=_refuse_constant,
        )
    except ValueError as error:
        raise ParseError(f"The body is not JSON: {error}", code="invalid_json") from None
    if not isinstance(value, dict):
        raise ParseError("The body must be a JSON object.", code="object_required")
    _refuse_unstorable(value)
    return value


def _refuse_encoding(media_type: str, content_encoding: str) -> None:
    message = Message()
    message["Content-Type"] = media_type
    charset = message.get_content_charset("utf-8")
    if charset not in ("utf-8", "utf8") or content_encoding.lower() not in ("", "identity"):
        raise UnsupportedMediaType(
            media_type, "Send application/json in UTF-8, without a content encoding."
        )


def _read(stream: IO[Any], content_length: str) -> bytes:
    limit = settings.API_BODY_LIMIT
    if content_length.isascii() and content_length.isdigit() and int(content_length) > limit:
        raise TooLarge
    raw: bytes = stream.read(limit + 1)
    if len(raw) > limit:
        raise TooLarge
    return raw


def _depth_of(text: str) -> int:
    """How deep brackets nest outside of strings; counted before parsing, so without recursion."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ParseError(f"The key {twice!r} is there twice.", code="duplicate_key")
    if len(found) > MAX_KEYS:
        raise ParseError(f"An object has more than {MAX_KEYS} keys.", code="too_many_keys")
    return found


def _int_of(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= MAX_INT_DIGITS else Decimal(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ParseError(f"{name} is not JSON.", code="invalid_json")


def _refuse_unstorable(value: Any) -> None:
    if isinstance(value, str):
        if UNSTORABLE.search(value):
            raise ParseError(
                "Text must not hold NUL or lone surrogates.", code="invalid_characters"
            )
        return
    if isinstance(value, list) and len(value) > MAX_ITEMS:
        raise ParseError(f"A list has more than {MAX_ITEMS} items.", code="too_many_items")
    for part in _parts_of(value):
        _refuse_unstorable(part)


def _parts_of(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else ()
