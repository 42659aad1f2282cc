"""Which tax an invoice carries and how much: pure functions over a reviewed, dated table."""

from invoicing.tax.decision import Decision, decide
from invoicing.tax.parties import TaxParty, tax_party
from invoicing.tax.rules import VERSION
from invoicing.tax.totals import TaxedLine, TaxSum, breakdown, parts_of

__all__ = [
    "VERSION",
    "Decision",
    "TaxParty",
    "TaxSum",
    "TaxedLine",
    "breakdown",
    "decide",
    "parts_of",
    "tax_party",
]
