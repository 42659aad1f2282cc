"""render_page, attempt, and the built-in template tags."""

from types import SimpleNamespace

import pytest
from django import forms
from django.contrib.messages import get_messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.template import Context, Template
from django.test import RequestFactory
from djmoney.money import Money

from common.exceptions import DomainError, FieldError, Invalid, Missing, PermissionRefused
from common.http import attempt, render_page


class NameForm(forms.Form):
    name = forms.CharField()


@pytest.fixture
def request_():
    request = RequestFactory().get("/")
    request.session = {}
    request._messages = _Messages()
    return request


class _Messages(list):
    def add(self, level, message, extra_tags=""):
        self.append(message)


def bound_form():
    form = NameForm({"name": "x"})
    assert form.is_valid()
    return form


def refuse(refusal):
    def service():
        raise refusal

    return service


def test_attempt_returns_what_the_service_returns(request_):
    assert attempt(request_, lambda: 7) == 7


def test_attempt_puts_a_refusal_into_the_form(request_):
    form = bound_form()

    assert attempt(request_, refuse(DomainError("Not now.")), form=form) is None

    assert form.non_field_errors() == ["Not now."]


def test_attempt_puts_each_error_beside_its_field(request_):
    form = bound_form()
    errors = [FieldError("name", "x", "Too odd."), FieldError("other", "y", "Elsewhere.")]

    attempt(request_, refuse(Invalid(errors)), form=form)

    assert form.errors == {"name": ["Too odd."], "__all__": ["Elsewhere."]}


def test_attempt_without_a_form_leaves_a_message(request_):
    attempt(request_, refuse(DomainError("Not now.")))
    attempt(request_, refuse(Invalid([FieldError("name", "x", "Too odd.")])))

    assert list(get_messages(request_)) == ["Not now.", "Too odd."]


@pytest.mark.parametrize(
    ("refusal", "answer"), [(PermissionRefused(), PermissionDenied), (Missing(), Http404)]
)
def test_attempt_turns_access_into_pages(request_, refusal, answer):
    with pytest.raises(answer):
        attempt(request_, refuse(refusal))


@pytest.mark.parametrize(
    ("htmx", "template"),
    [
        (None, "page"),
        (SimpleNamespace(boosted=False), "fragment"),
        (SimpleNamespace(boosted=True), "page"),
    ],
)
def test_render_page_gives_htmx_the_fragment(monkeypatch, request_, htmx, template):
    rendered = []
    monkeypatch.setattr(
        "common.http.render",
        lambda request, name, context, status: rendered.append((name, status)) or {},
    )
    request_.htmx = htmx

    response = render_page(request_, "page", "fragment", status=422)

    assert rendered == [(template, 422)]
    assert response["Vary"] == "HX-Request"


def render(text, **context):
    return Template(text).render(Context(context))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Money("3166.6700", "USD"), "3,166.67 USD"),
        (Money("1234567", "JPY"), "1,234,567 JPY"),
        (Money("0.5", "KWD"), "0.500 KWD"),
        (Money("0", "EUR"), "0.00 EUR"),
        (Money("-1000", "EUR"), "\N{MINUS SIGN}1,000.00 EUR"),
        (None, "\N{EN DASH}"),
    ],
)
def test_money_has_groups_and_the_currencys_decimals(value, text):
    html = render("{% money value %}", value=value)

    assert html.startswith('<span class="money')
    assert _text(html) == text


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(316667, "USD", "3,166.67 USD"), (5, "JPY", "5 JPY"), (None, "USD", "\N{EN DASH}")],
)
def test_money_minor_reads_minor_units(minor, currency, text):
    html = render("{% money_minor minor currency %}", minor=minor, currency=currency)

    assert _text(html) == text


def _text(html):
    return " ".join("".join(part.split(">")[-1] for part in html.split("<")).split())


def test_status_pill_shows_the_state_in_words():
    row = SimpleNamespace(status="in_review", get_status_display=lambda: "In <review>")

    html = render("{% status_pill row %}", row=row)

    assert html == '<span class="pill" data-status="in_review">In &lt;review&gt;</span>'


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ana Lima", "AL"), ("ana maria de lima", "AL"), ("Prince", "P"), ("", "")],
)
def test_initials(name, letters):
    assert render("{{ name|initials }}", name=name) == letters


def test_colour_index_is_the_same_for_the_same_key():
    assert render("{{ key|colour_index }}", key="0F3A") == "a"
