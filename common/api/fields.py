"""Fields that take exactly one spelling of a value, and refuse every other with a code."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import URLValidator
from djmoney.money import Money
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import empty

from common.currencies import EXPONENTS
from common.money import AmountError, amount_text, parse_amount
from common.public_ids import parse_public_id

ZERO_WIDTH_JOINERS: Final = "\u200c\u200d"
MAX_LINK: Final = 500
FIRST_YEAR, LAST_YEAR = 2000, 2100
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)
WRONG_TYPE: Final = {
    "str": "This must be a string.",
    "bool": "This must be true or false.",
    "list": "This must be a list.",
    "object": "This must be an object.",
}


class TextField(serializers.CharField):
    """A string, stripped at its ends; several lines are allowed."""

    default_error_messages = {
        "wrong_type": WRONG_TYPE["str"],
        "blank": "This must not be blank.",
        "too_long": "This must have at most {max_length} characters.",
    }

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        self.longest = max_length
        super().__init__(max_length=max_length, **kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        if data is not empty and data is not None and not isinstance(data, str):
            self.fail("wrong_type")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        text = data.strip() if self.trim_whitespace else data
        if len(text) > self.longest:
            self.fail("too_long", max_length=self.longest)
        return str(text)


class LineField(TextField):
    """One line of visible characters: a name or a title."""

    default_error_messages = {
        "invalid_characters": "This must not hold line breaks, control or direction characters.",
    }

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if any(
            unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs")
            for character in text
            if character not in ZERO_WIDTH_JOINERS
        ):
            self.fail("invalid_characters")
        return text


class LinkField(TextField):
    """An http or https URL."""

    default_error_messages = {"invalid_url": "This must be an http or https address."}
    check = URLValidator(schemes=["http", "https"])

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": MAX_LINK, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            self.check(text)
        except DjangoValidationError:
            self.fail("invalid_url")
        return text


class FlagField(serializers.BooleanField):
    """JSON true or false, nothing that looks like it."""

    default_error_messages = {"wrong_type": WRONG_TYPE["bool"]}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("wrong_type")
        return bool(data)


class NumberField(serializers.IntegerField):
    """A JSON integer, nothing that looks like it."""

    default_error_messages = {"wrong_type": "This must be a whole number."}

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("wrong_type")
        return int(data)


class OptionField(serializers.ChoiceField):
    """One of the choices."""

    default_error_messages = {
        "wrong_type": WRONG_TYPE["str"],
        "invalid_choice": "This must be one of: {choices}.",
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("wrong_type")
        if data not in self.choices:
            self.fail("invalid_choice", choices=", ".join(map(str, self.choices)))
        return data


class DayField(serializers.DateField):
    """YYYY-MM-DD, in this century."""

    default_error_messages = {
        "invalid_date": "This must be a date, written YYYY-MM-DD.",
        "out_of_range": f"This must be between the years {FIRST_YEAR} and {LAST_YEAR}.",
    }

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            self.fail("invalid_date")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail("invalid_date")
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fail("out_of_range")
        return day


class MomentField(serializers.CharField):
    """An RFC 3339 moment in UTC, such as 2026-11-24T12:00:00Z, in this century."""

    default_error_messages = {
        "invalid_moment": "This must be a moment in UTC, written YYYY-MM-DDTHH:MM:SSZ.",
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not _MOMENT.fullmatch(data):
            self.fail("invalid_moment")
        try:
            moment = datetime.fromisoformat(data)
        except ValueError:
            self.fail("invalid_moment")
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            self.fail("invalid_moment")
        return moment


class ItemsField(serializers.ListField):
    """A list of at most `longest` items; errors name the item by its position."""

    default_error_messages = {
        "wrong_type": WRONG_TYPE["list"],
        "too_many_items": "This must have at most {longest} items.",
    }

    def __init__(self, *, longest: int, **kwargs: Any) -> None:
        self.longest = longest
        super().__init__(max_length=longest, **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("wrong_type")
        if len(data) > self.longest:
            self.fail("too_many_items", longest=self.longest)
        return list(super().to_internal_value(data))


class PublicIdField(serializers.CharField):
    """An identifier with that prefix in its one spelling; the text is kept."""

    default_error_messages = {"invalid_id": "This must be an identifier such as {prefix}_…"}

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        super().__init__(**kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        is_given = data is not empty and data is not None
        if is_given and not (isinstance(data, str) and parse_public_id(self.prefix, data)):
            self.fail("invalid_id", prefix=self.prefix)
        return super().run_validation(data)


class PublicIdFilter(PublicIdField):
    """The same in a query string; the UUID behind it is kept."""

    def to_internal_value(self, data: Any) -> Any:
        return parse_public_id(self.prefix, data)


class MoneySerializer(serializers.Serializer[Money]):
    """An amount of money: digits as a string with at most the currency's decimals."""

    amount = serializers.RegexField(r"^(0|[1-9][0-9]{0,12})(\.[0-9]{1,3})?$")
    currency = serializers.ChoiceField(list(EXPONENTS))


class SignedMoneySerializer(MoneySerializer):
    """An amount of money that may be negative."""

    amount = serializers.RegexField(r"^-?(0|[1-9][0-9]{0,12})(\.[0-9]{1,3})?$")


@extend_schema_field(MoneySerializer)
class MoneyField(serializers.Field[Money, Any, Any, Any]):
    """{"amount": "3166.67", "currency": "USD"}, more than zero, never a number."""

    default_error_messages = {
        "wrong_type": WRONG_TYPE["object"],
        "must_be_string": "Write the amount as a string.",
        "required": "This field is required.",
        "currency_required": "Name the currency.",
        "unknown_field": "There is no such field.",
    }

    def to_internal_value(self, data: Any) -> Money:
        if not isinstance(data, Mapping):
            self.fail("wrong_type")
        errors = {
            str(name): [self._error("unknown_field")]
            for name in data
            if name not in ("amount", "currency")
        }
        amount, currency = data.get("amount"), data.get("currency")
        if amount is None:
            errors["amount"] = [self._error("required")]
        elif not isinstance(amount, str):
            errors["amount"] = [self._error("must_be_string")]
        if not isinstance(currency, str) or not currency:
            errors["currency"] = [self._error("currency_required")]
        if errors:
            raise ValidationError(errors)
        return self._parsed(str(amount), str(currency))

    def to_representation(self, value: Money) -> dict[str, str]:
        return {"amount": amount_text(value), "currency": value.currency.code}

    def _error(self, code: str) -> ErrorDetail:
        return ErrorDetail(str(self.error_messages[code]), code)

    def _parsed(self, amount: str, currency: str) -> Money:
        try:
            return parse_amount(amount, currency)
        except AmountError as error:
            name = "currency" if error.code == "currency_not_supported" else "amount"
            raise ValidationError({name: [ErrorDetail(str(error), error.code)]}) from None


@extend_schema_field(SignedMoneySerializer)
class SignedMoneyField(MoneyField):
    """Output only: an amount that may be negative."""
