"""Bodies that are not what they should be, read without a request."""

from decimal import Decimal

import pytest
from rest_framework.exceptions import ParseError

from common.api.parsers import parse_object


def deep(levels: int) -> bytes:
    return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b"{'a': 1}", "invalid_json"),
        (b'{"a": 1,}', "invalid_json"),
        (b'{"a": NaN}', "invalid_json"),
        (b'{"a": Infinity}', "invalid_json"),
        (b'{"a": -Infinity}', "invalid_json"),
        (b'{"a": 01}', "invalid_json"),
        (b'{"a": "tab\there"}', "invalid_json"),
        (b'\xef\xbb\xbf{"a": 1}', "invalid_json"),
        ('{"a": "é"}'.encode("latin-1"), "invalid_json"),
        ('{"a": 1}'.encode("utf-16"), "invalid_json"),
        (b'{"a": "\xed\xa0\x80"}', "invalid_json"),
        (b"[]", "object_required"),
        (b'"text"', "object_required"),
        (b"5", "object_required"),
        (b"null", "object_required"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b'{"x": {"a": 1, "\\u0061": 2}}', "duplicate_key"),
        (b'{"a": "5\\u0000"}', "invalid_characters"),
        (b'{"a\\u0000": 5}', "invalid_characters"),
        (b'{"a": ["\\ud800"]}', "invalid_characters"),
        (deep(21), "too_deep"),
        (b"[" * 60_000, "too_deep"),
        (b'{"a":' * 10_000, "too_deep"),
        (b'{"a": [' + b"1," * 100 + b"1]}", "too_many_items"),
        (
            b"{" + b",".join(b'"%d": 1' % n for n in range(201)) + b"}",
            "too_many_keys",
        ),
    ],
)
def test_a_body_that_is_not_strict_json_is_refused(raw, code):
    with pytest.raises(ParseError) as refusal:
        parse_object(raw)

    assert refusal.value.get_codes() == code


def test_brackets_inside_strings_do_not_count_as_depth():
    text = "[" * 500 + '\\"' + "{" * 500

    assert parse_object(f'{{"a": "{text}"}}'.encode()) == {"a": text.replace("\\", "")}


def test_twenty_levels_a_hundred_items_and_two_hundred_keys_are_accepted():
    assert parse_object(deep(20))
    assert len(parse_object(b'{"a": [' + b"1," * 99 + b"1]}")["a"]) == 100
    assert len(parse_object(b"{" + b",".join(b'"%d": 1' % n for n in range(200)) + b"}")) == 200


def test_numbers_keep_every_digit():
    digits = "9" * 5000

    parsed = parse_object(f'{{"a": 9.99999999999999999999, "b": {digits}}}'.encode())

    assert parsed == {"a": Decimal("9.99999999999999999999"), "b": Decimal(digits)}


def test_an_escaped_surrogate_pair_is_one_character():
    assert parse_object(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}
