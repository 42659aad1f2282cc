"""How people read amounts: 3,166.67 USD."""

from decimal import Decimal

from djmoney.money import Money

from common.money import quantize

MINUS = "\N{MINUS SIGN}"


def amount_for_people(money: Money) -> str:
    """Digits in groups of three with exactly the currency's decimals, without the currency."""
    return f"{quantize(money).amount:,f}".replace("-", MINUS)


def money_for_people(money: Money) -> str:
    """The amount and its currency, as mails and messages write it."""
    return f"{amount_for_people(money)} {money.currency.code}"


def percent_for_people(rate: Decimal) -> str:
    """A rate such as 0.0725 as people read it: 7.25%."""
    return f"{(rate * 100).normalize():f}%"
