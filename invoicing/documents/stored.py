"""A document as JSON and back: what is kept beside its files, so that they can be made again.

The bytes are canonical: the same document always gives the same ones. A later version of the
model keeps reading the versions before it.
"""

import json
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from invoicing.documents.model import Document

VERSION: Final = 1


class UnknownVersion(ValueError):
    """The stored document was written by a newer version of the program."""


def to_json(document: Document) -> bytes:
    """The document with its version: ASCII, sorted keys, no idle space."""
    stored = {"version": VERSION, "document": _plain(document)}
    return json.dumps(stored, sort_keys=True, separators=(",", ":")).encode("ascii")


def from_json(stored: bytes) -> Document:
    """The document that `to_json` wrote. UnknownVersion, DocumentError."""
    content = json.loads(stored)
    if content.get("version") != VERSION:
        raise UnknownVersion(f"version {content.get('version')} of a stored document")
    document = _built(Document, content["document"])
    if not isinstance(document, Document):
        raise TypeError("a stored document is an object")
    return document


def _plain(value: Any) -> Any:
    """The value in JSON's own types; what is empty and may be left out is left out."""
    if is_dataclass(value):
        return {
            field.name: _plain(part)
            for field in fields(value)
            if (part := getattr(value, field.name)) not in (None, "", ())
            or field.default is MISSING
        }
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return value


def _built(wanted: Any, plain: Any) -> Any:
    """The value of the wanted type that `_plain` has written."""
    if plain is None:
        return None
    if isinstance(wanted, UnionType):
        [wanted] = [part for part in get_args(wanted) if part is not NoneType]
    if isinstance(wanted, type) and is_dataclass(wanted):
        hints = _hints(wanted)
        return wanted(**{name: _built(hints[name], part) for name, part in plain.items()})
    if get_origin(wanted) is tuple:
        [part_type, _] = get_args(wanted)
        return tuple(_built(part_type, part) for part in plain)
    if wanted is date:
        return date.fromisoformat(plain)
    if wanted is Decimal or issubclass(wanted, StrEnum):
        return wanted(plain)
    return plain


@cache
def _hints(wanted: type) -> dict[str, Any]:
    return get_type_hints(wanted)
