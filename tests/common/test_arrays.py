"""Arrays that PostgreSQL reads as they were written."""

import pytest
from django.db import connection

from common import arrays

TEXTS = [
    "",
    "NULL",
    "null",
    'say "no"',
    "back\\slash",
    "a,b",
    "{x}",
    "line\nbreak",
    "tab\t",
    "ü €",
    "%s",
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "written", "read"),
    [
        ("text", arrays.texts([*TEXTS, None]), [*TEXTS, None]),
        ("bigint", arrays.bigints([1, -(2**62)]), [1, -(2**62)]),
        ("bigint", arrays.bigints([]), []),
        ("bigint", arrays.bigints_or_null([3, None]), [3, None]),
        ("boolean", arrays.booleans([True, False]), [True, False]),
        ("text", arrays.texts([]), []),
    ],
)
def test_an_array_is_read_as_it_was_written(kind, written, read):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", [written])
        assert cursor.fetchone() == (read,)


@pytest.mark.django_db
def test_numbers_keep_their_decimals():
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::numeric[]::text[]", [arrays.numerics(["10.00", "0.125", "-7"])])
        assert cursor.fetchone() == (["10.00", "0.125", "-7"],)
