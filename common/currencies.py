"""The currencies of the product and the decimals of each; settings, Python and SQL read this."""

from typing import Final

EXPONENTS: Final[dict[str, int]] = {
    "USD": 2,
    "EUR": 2,
    "GBP": 2,
    "CHF": 2,
    "CAD": 2,
    "AUD": 2,
    "NZD": 2,
    "SEK": 2,
    "NOK": 2,
    "DKK": 2,
    "PLN": 2,
    "CZK": 2,
    "HUF": 2,
    "INR": 2,
    "SGD": 2,
    "HKD": 2,
    "ZAR": 2,
    "BRL": 2,
    "MXN": 2,
    "JPY": 0,
    "KWD": 3,
}
