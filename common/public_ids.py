"""Opaque identifiers: a prefix, an underscore and 32 lower-case hex digits."""

import re
from typing import Final
from uuid import UUID

from django.urls import register_converter

PREFIXES: Final = (
    "usr",
    "org",
    "gig",
    "gms",
    "app",
    "inl",
    "prj",
    "mst",
    "sub",
    "inv",
    "exp",
    "fei",
    "fri",
    "pay",
    "pm",
    "pom",
    "wd",
    "tbk",
    "hld",
    "pob",
    "bst",
    "bsl",
    "bmt",
    "crq",
    "txn",
    "iss",
    "mnd",
    "tok",
    "job",
    "evt",
)
HEX = "[0-9a-f]{32}"
_ID = re.compile(rf"([a-z]{{2,3}})_({HEX})", re.ASCII)


def format_public_id(prefix: str, value: UUID) -> str:
    """The one spelling of an identifier."""
    return f"{prefix}_{value.hex}"


def parse_public_id(prefix: str, text: str) -> UUID | None:
    """The UUID behind an identifier of that prefix; None for any other spelling."""
    match = _ID.fullmatch(text)
    if match is None or match[1] != prefix:
        return None
    return UUID(hex=match[2])


class PublicIdConverter:
    """A URL segment that is a canonical identifier; every other spelling does not match."""

    regex = HEX

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


def register_converters() -> None:
    """Register `<gig_id:…>`, `<prj_id:…>` and so on, one for each prefix."""
    for prefix in PREFIXES:
        converter = type(
            f"{prefix.title()}IdConverter", (PublicIdConverter,), {"regex": f"{prefix}_{HEX}"}
        )
        register_converter(converter, f"{prefix}_id")
