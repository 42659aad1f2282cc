import pytest
from django import forms
from django.core.exceptions import ValidationError
from djmoney.money import Money

from common.forms import AmountField, LinesField, LinksField, SkillsField, amount_in

SEPARATORS = "Leave out thousands separators and write a point before decimals: 1250.00."
DIGITS = "Write the amount with the digits 0 to 9, such as 1250.00."
PLAIN = "Write the amount as plain digits, such as 1250.00."


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("10000", "USD", "10000.00"),
        ("0.01", "USD", "0.01"),
        (" 12.5 ", "EUR", "12.50"),
        ("7", "JPY", "7"),
        ("1.234", "KWD", "1.234"),
    ],
)
def test_an_amount_is_plain_digits_with_the_currencys_decimals(text, currency, amount):
    assert amount_in(AmountField().clean(text), currency) == Money(amount, currency)


@pytest.mark.parametrize(
    ("text", "currency", "sentence"),
    [
        ("10,000", "USD", SEPARATORS),
        ("10 000", "USD", SEPARATORS),
        ("10'000.00", "CHF", SEPARATORS),
        ("1250,00", "EUR", SEPARATORS),
        ("10\u202f000", "EUR", SEPARATORS),
        ("\uff11\uff10", "USD", DIGITS),
        ("\u0663", "USD", DIGITS),
        ("€10", "EUR", DIGITS),
        ("1e3", "USD", PLAIN),
        ("-5", "USD", PLAIN),
        ("+5", "USD", PLAIN),
        ("05", "USD", PLAIN),
        (".5", "USD", PLAIN),
        ("NaN", "USD", PLAIN),
        ("1.234", "USD", "USD has 2 decimals."),
        ("1.5", "JPY", "JPY has 0 decimals."),
        ("0", "USD", "The amount must be more than zero and within limits."),
        ("9999999999999", "USD", "The amount must be more than zero and within limits."),
        ("5", "XXX", "Currency XXX is not supported."),
    ],
)
def test_any_other_spelling_of_an_amount_is_refused(text, currency, sentence):
    with pytest.raises(ValidationError) as refusal:
        amount_in(AmountField().clean(text), currency)

    assert refusal.value.messages == [sentence]


def test_an_optional_amount_may_be_empty():
    assert AmountField(required=False).clean("  ") == ""


def test_links_are_one_on_each_line():
    text = " https://example.com/a \r\n\r\nhttp://example.org\n"

    assert LinksField().clean(text) == ["https://example.com/a", "http://example.org"]


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,hello",
        "ftp://example.com/file",
        "example.com",
        "//example.com",
        "https://",
        "https://exa mple.com",
    ],
)
def test_links_other_than_http_are_refused(link):
    with pytest.raises(ValidationError) as refusal:
        LinksField().clean(f"https://example.com\n{link}")

    assert refusal.value.messages == [
        f"“{link}” is not a web address that starts with http:// or https://."
    ]


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        (LinksField(), "\n".join(["https://example.com"] * 21), "20 lines at most."),
        (LinksField(), f"https://example.com/{'a' * 500}", "A line has 500 characters at most."),
        (LinesField(max_lines=2, max_line_length=5), "a\nb\nc", "2 lines at most."),
        (LinesField(max_lines=2, max_line_length=5), "abcdef", "A line has 5 characters at most."),
        (SkillsField(), ",".join(f"skill{n}" for n in range(21)), "20 skills at most."),
        (SkillsField(), "x" * 41, "A skill has 40 characters at most."),
    ],
)
def test_lists_of_texts_have_limits(field, text, sentence):
    with pytest.raises(ValidationError) as refusal:
        field.clean(text)

    assert refusal.value.messages == [sentence]


def test_a_skill_counts_once_whatever_its_case():
    assert SkillsField().clean("django, PostgreSQL , Django,, css  grid") == [
        "django",
        "PostgreSQL",
        "css grid",
    ]


def test_lists_come_back_as_they_are_written():
    class ListsForm(forms.Form):
        skills = SkillsField()
        links = LinksField()

    form = ListsForm(initial={"skills": ["a", "b"], "links": ["https://a", "https://b"]})

    assert form["skills"].value() == "a, b"
    assert form["links"].value() == "https://a\nhttps://b"
