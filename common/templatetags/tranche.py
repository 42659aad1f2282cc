"""Tags of the templates: money, states, people. Built in: no template loads them."""

from decimal import Decimal
from typing import Protocol

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from djmoney.money import Money

from common.formats import amount_for_people, percent_for_people
from common.money import from_minor

register = template.Library()
NO_AMOUNT = "\N{EN DASH}"


class HasStatus(Protocol):
    """A row with a state."""

    status: str

    def get_status_display(self) -> str: ...


@register.simple_tag
def money(value: Money | None) -> SafeString:
    """The amount with the currency's decimals; a dash for no amount at all."""
    if value is None:
        return format_html('<span class="money text-muted">{}</span>', NO_AMOUNT)
    return format_html(
        '<span class="money"><span class="money-amount">{}</span>'
        ' <span class="money-currency">{}</span></span>',
        amount_for_people(value),
        value.currency.code,
    )


@register.simple_tag
def money_minor(minor: int | None, currency: str) -> SafeString:
    """`money` for an amount in minor units, as the ledger has it."""
    return money(None if minor is None else from_minor(minor, currency))


@register.simple_tag
def status_pill(row: HasStatus, words: str = "") -> SafeString:
    """The state of a row in words, its own or these; tranche.css has a colour for each."""
    shown = words or row.get_status_display()
    return format_html('<span class="pill" data-status="{}">{}</span>', row.status, shown)


@register.filter
def percent(rate: Decimal) -> str:
    """A rate as people read it: 5%."""
    return percent_for_people(rate)


@register.filter
def initials(name: str) -> str:
    """Up to two capitals for an avatar: first and last word of the name."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.filter
def colour_index(key: object) -> str:
    """A hex digit that picks the same avatar colour for the same key (a uuid) every time."""
    return str(key)[-1:].lower()
