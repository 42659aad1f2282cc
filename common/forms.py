"""Form fields that several apps share: amounts, links, skills."""

import re
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from djmoney.money import Money

from common.currencies import EXPONENTS
from common.money import AmountError, parse_amount

CURRENCY_CHOICES: Final = [(code, code) for code in EXPONENTS]
MAX_LINKS: Final = 20
MAX_LINK_LENGTH: Final = 500
MAX_SKILLS: Final = 20
MAX_SKILL_LENGTH: Final = 40
LONGEST_AMOUNT: Final = 24

_SEPARATORS: Final = re.compile(r"[0-9][ ,'_\u00a0\u2009\u202f][0-9]")


class AmountField(forms.CharField):
    """An amount as its writer put it. `amount_in` makes money of it once the currency is known."""

    default_error_messages = {
        "separators": "Leave out thousands separators and write a point before decimals: 1250.00.",
        "digits": "Write the amount with the digits 0 to 9, such as 1250.00.",
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST_AMOUNT)
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        )
        super().__init__(**kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if not value:
            return
        if _SEPARATORS.search(value):
            raise ValidationError(self.error_messages["separators"], code="separators")
        if not value.isascii():
            raise ValidationError(self.error_messages["digits"], code="digits")


def amount_in(text: str, currency: str) -> Money:
    """The positive amount of a cleaned AmountField; ValidationError with a sentence to act on."""
    try:
        return parse_amount(text, currency)
    except AmountError as error:
        raise ValidationError(str(error), code=error.code) from error


def first_error(form: forms.BaseForm) -> str:
    """The first sentence about what is wrong with a form that is not valid."""
    return str(next(iter(form.errors.values()))[0])


class CurrencyField(forms.ChoiceField):
    """One of the product's currencies."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=CURRENCY_CHOICES, **kwargs)


class LinesField(forms.CharField):
    """A list of short texts, one on each line; blank lines do not count."""

    widget = forms.Textarea

    def __init__(self, *, max_lines: int, max_line_length: int, **kwargs: Any) -> None:
        self.max_lines, self.max_line_length = max_lines, max_line_length
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        lines = [line.strip() for line in super().clean(value).splitlines()]
        lines = [line for line in lines if line]
        if len(lines) > self.max_lines:
            raise ValidationError(f"{self.max_lines} lines at most.", code="too_many")
        for line in lines:
            self.check_line(line)
        return lines

    def check_line(self, line: str) -> None:
        if len(line) > self.max_line_length:
            raise ValidationError(
                f"A line has {self.max_line_length} characters at most.", code="too_long"
            )


class LinksField(LinesField):
    """Web addresses, one on each line; http and https only."""

    check_url = URLValidator(schemes=["http", "https"])

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "One on each line, starting with https://")
        kwargs.setdefault(
            "widget",
            forms.Textarea(attrs={"rows": 2, "placeholder": "https://", "inputmode": "url"}),
        )
        super().__init__(max_lines=MAX_LINKS, max_line_length=MAX_LINK_LENGTH, **kwargs)

    def check_line(self, line: str) -> None:
        super().check_line(line)
        try:
            self.check_url(line)
        except ValidationError as error:
            raise ValidationError(
                f"“{line[:60]}” is not a web address that starts with http:// or https://.",
                code="invalid",
            ) from error


class SkillsField(forms.CharField):
    """Free words separated by commas; the same word counts once, whatever its case."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "Separate them with commas: django, css, accessibility.")
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        words = [" ".join(word.split()) for word in super().clean(value).split(",")]
        first: dict[str, str] = {}
        for word in filter(None, words):
            first.setdefault(word.lower(), word)
        skills = list(first.values())
        if len(skills) > MAX_SKILLS:
            raise ValidationError(f"{MAX_SKILLS} skills at most.", code="too_many")
        if any(len(skill) > MAX_SKILL_LENGTH for skill in skills):
            raise ValidationError(
                f"A skill has {MAX_SKILL_LENGTH} characters at most.", code="too_long"
            )
        return skills
