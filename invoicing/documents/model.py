"""A document in the terms of EN 16931: plain values, without database, tax rules or layout.

The figures are those of the books; nothing is computed here. A document whose figures do not
agree to the sub-unit cannot be made: DocumentError names the rule. BT and BG numbers name the
business terms of the standard.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum
from typing import Final, Self

from common.currencies import EXPONENTS

ZERO: Final = Decimal(0)


class DocumentError(ValueError):
    """The figures or terms of a document contradict each other; `rule` is stable."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class TypeCode(StrEnum):
    """What the document is (BT-3)."""

    INVOICE = "380"
    CREDIT_NOTE = "381"
    SELF_BILLED = "389"
    SELF_BILLED_CREDIT_NOTE = "261"

    @property
    def is_credit(self) -> bool:
        return self in (TypeCode.CREDIT_NOTE, TypeCode.SELF_BILLED_CREDIT_NOTE)

    @property
    def is_self_billed(self) -> bool:
        return self in (TypeCode.SELF_BILLED, TypeCode.SELF_BILLED_CREDIT_NOTE)


class Category(StrEnum):
    """How the tax office sees a line (BT-151)."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    OUTSIDE = "O"
    EXPORT = "G"


class Language(StrEnum):
    """The languages in which documents are written."""

    ENGLISH = "en"
    GERMAN = "de"
    FRENCH = "fr"
    SPANISH = "es"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """A number and the scheme it belongs to: ISO 6523 for registers, EAS for addresses."""

    value: str
    scheme: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """BG-5, BG-8. `country` is an ISO 3166-1 alpha-2 code; `region` a state or province."""

    street: str = ""
    street_2: str = ""
    postcode: str = ""
    city: str = ""
    region: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """BG-6, BG-9."""

    name: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Seller or buyer as they were when the document was issued (BG-4, BG-7).

    `vat_id` carries its country prefix and is empty for categories that forbid it (O);
    `tax_number` is a local number (BT-32: Steuernummer, ABN, GSTIN), printed but not a VAT id.
    `identifiers` are numbers such as a GLN or the platform's own (scheme empty).
    """

    legal_name: str
    address: Address = Address()
    trading_name: str = ""
    identifiers: tuple[Identifier, ...] = ()
    registration: Identifier | None = None
    vat_id: str = ""
    tax_number: str = ""
    legal_info: str = ""
    electronic_address: Identifier | None = None
    contact: Contact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """BG-25. `unit` is a UN/ECE code (LS lump sum, HUR hour, DAY, C62 piece).

    `category` is None where no tax was decided (no legal data), `rate` in percent is None there
    and outside the scope of VAT.
    """

    id: str
    name: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    unit: str = "LS"
    category: Category | None = None
    rate: Decimal | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """One row of the breakdown (BG-23): all lines of a category and rate.

    `reason` is the legend as it is printed, in the document's language (BT-120), `reason_code`
    its VATEX code (BT-121); both are empty for S and Z. `name` is what the tax is called on the
    page ("VAT", "USt", "TVA", "GST"); empty for the language's own word.
    """

    category: Category
    rate: Decimal | None
    base: Decimal
    amount: Decimal
    reason: str = ""
    reason_code: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """BG-22: the sum of lines, tax, total with tax, what is paid and what is due.

    `rounding` (BT-114) is what makes an amount with tax in it that no basis and tax can reach.
    """

    net: Decimal
    tax: Decimal
    gross: Decimal
    paid: Decimal = ZERO
    rounding: Decimal | None = None
    due: Decimal

    @classmethod
    def of(
        cls,
        lines: tuple[Line, ...],
        taxes: tuple[Tax, ...],
        *,
        paid: Decimal = ZERO,
        rounding: Decimal | None = None,
    ) -> Self:
        """The totals that these lines and taxes have."""
        net = sum((line.amount for line in lines), ZERO)
        tax = sum((row.amount for row in taxes), ZERO)
        due = net + tax - paid + (rounding or ZERO)
        return cls(net=net, tax=tax, gross=net + tax, paid=paid, rounding=rounding, due=due)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTax:
    """The tax in the currency in which the seller accounts for it (BT-6, BT-111)."""

    currency: str
    amount: Decimal

    @property
    def exponent(self) -> int:
        """The decimals of that currency."""
        return EXPONENTS[self.currency]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """BG-16. `means` is a UNTDID 4461 code: 97 clearing (held funds), 68 online, 58 SEPA transfer."""

    means: str
    text: str = ""
    iban: str = ""
    bic: str = ""
    account_name: str = ""
    terms: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """BT-22, with its subject (BT-21: AAI general, REG legal, PMT, PMD, AAB in France)."""

    text: str
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """What the document refers to: BT-10 to BT-13."""

    buyer: str = ""
    project: str = ""
    contract: str = ""
    order: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preceding:
    """The document that this one corrects (BG-3)."""

    number: str
    issued_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The invoicing period (BG-14)."""

    start: date
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Everything that its page and its two XML files say.

    `issued_by` names who issued it for the seller ("Issued by … in the name and on behalf of …");
    empty when seller and issuer are one, or when the buyer bills himself. `delivered_on` is the
    day of supply (BT-72): acceptance of the milestone. `logo` is the SHA-256 of the issuer's.
    """

    type_code: TypeCode
    number: str
    issued_on: date
    delivered_on: date
    currency: str
    language: Language
    seller: Party
    buyer: Party
    lines: tuple[Line, ...]
    taxes: tuple[Tax, ...] = ()
    totals: Totals
    local_tax: LocalTax | None = None
    due_on: date | None = None
    period: Period | None = None
    payment: Payment | None = None
    references: References = References()
    preceding: tuple[Preceding, ...] = ()
    notes: tuple[Note, ...] = ()
    issued_by: str = ""
    logo: str = ""

    def __post_init__(self) -> None:
        _check_terms(self)
        _check_lines(self)
        _check_taxes(self)
        _check_totals(self)
        _check_local_tax(self)

    @property
    def has_tax(self) -> bool:
        """Whether tax was decided: without it the document is a page only."""
        return bool(self.taxes)

    @property
    def exponent(self) -> int:
        """The decimals of the document's currency."""
        return EXPONENTS[self.currency]


def rounded(amount: Decimal, exponent: int) -> Decimal:
    """Half up, to that many decimals."""
    with localcontext(prec=60):
        return amount.quantize(Decimal(1).scaleb(-exponent), ROUND_HALF_UP)


def _must(holds: bool, rule: str, message: str) -> None:  # noqa: FBT001
    if not holds:
        raise DocumentError(rule, message)


def _check_terms(document: Document) -> None:
    _must(document.currency in EXPONENTS, "BR-CL-04", f"{document.currency} is no currency here.")
    _must(bool(document.number), "BR-02", "A document has a number.")
    _must(bool(document.lines), "BR-16", "A document has a line.")
    _must(
        document.due_on is None or document.due_on >= document.issued_on,
        "due-date",
        "Payment is not due before the day of issue.",
    )
    _must(
        bool(document.preceding) or not document.type_code.is_credit,
        "BT-25",
        "A credit note names the document that it corrects.",
    )
    _must(
        not (document.issued_by and document.type_code.is_self_billed),
        "issuer",
        "A self-billed document is issued by its buyer.",
    )


def _check_lines(document: Document) -> None:
    ids = [line.id for line in document.lines]
    _must(len(set(ids)) == len(ids), "BR-21", "Each line has an id of its own.")
    for line in document.lines:
        with localcontext(prec=60):
            product = rounded(line.quantity * line.unit_price, document.exponent)
        _must(
            line.amount == product,
            "PEPPOL-EN16931-R120",
            f"Line {line.id}: {line.quantity} x {line.unit_price} is {product}, not {line.amount}.",
        )
        _check_rate(line.category, line.rate, f"Line {line.id}")


def _check_rate(category: Category | None, rate: Decimal | None, where: str) -> None:
    if category is None or category is Category.OUTSIDE:
        _must(rate is None, "BR-O-05", f"{where}: no rate outside the scope of VAT.")
    elif category is Category.STANDARD:
        _must(rate is not None and rate > 0, "BR-S-05", f"{where}: category S has a rate.")
    else:
        _must(rate == 0, f"BR-{category}-05", f"{where}: category {category} has the rate 0.")


def _check_taxes(document: Document) -> None:
    groups: dict[tuple[Category | None, Decimal | None], Decimal] = {}
    for line in document.lines:
        key = line.category, line.rate
        groups[key] = groups.get(key, ZERO) + line.amount
    if not document.taxes:
        _must(set(groups) == {(None, None)}, "BR-CO-18", "Lines with a category need a breakdown.")
        return
    keys = [(row.category, row.rate) for row in document.taxes]
    _must(
        len(set(keys)) == len(keys) and set(keys) == set(groups),
        "BR-S-08",
        "The breakdown has one row for each category and rate of the lines.",
    )
    _must(
        len({category for category, _ in keys}) == 1 or Category.OUTSIDE not in dict(keys),
        "BR-O-11",
        "What is outside the scope of VAT is not mixed with other categories.",
    )
    for row in document.taxes:
        _check_row(
            row,
            groups[row.category, row.rate],
            document.exponent,
            tolerance=_tolerance(document),
        )


def _tolerance(document: Document) -> Decimal:
    """Notes of parts of one invoice take back exactly its tax: rounding is spread over them."""
    if document.type_code.is_credit:
        return Decimal(1).scaleb(-document.exponent)
    return ZERO


def _check_row(row: Tax, base: Decimal, exponent: int, *, tolerance: Decimal) -> None:
    where = f"{row.category} {row.rate if row.rate is not None else ''}".strip()
    _check_rate(row.category, row.rate, where)
    _must(row.base == base, "BR-S-08", f"{where}: lines make {base}, not {row.base}.")
    with localcontext(prec=60):
        amount = rounded(base * (row.rate or ZERO) / 100, exponent)
    _must(
        abs(row.amount - amount) <= tolerance,
        "BR-CO-17",
        f"{where}: tax is {amount}, not {row.amount}.",
    )
    is_taxed = row.category in (Category.STANDARD, Category.ZERO)
    _must(
        not (row.reason or row.reason_code) if is_taxed else bool(row.reason),
        f"BR-{row.category}-10",
        f"{where}: a reason says why no tax is charged, and only then.",
    )


def _check_totals(document: Document) -> None:
    given = document.totals
    wanted = Totals.of(document.lines, document.taxes, paid=given.paid, rounding=given.rounding)
    _must(given.net == wanted.net, "BR-CO-10", f"Lines make {wanted.net}, not {given.net}.")
    _must(given.tax == wanted.tax, "BR-CO-14", f"Taxes make {wanted.tax}, not {given.tax}.")
    _must(given.gross == wanted.gross, "BR-CO-15", f"The total is {wanted.gross}.")
    _must(given.due == wanted.due, "BR-CO-16", f"The amount due is {wanted.due}.")
    _must(given.due >= 0, "due-amount", "No more is paid than the total.")
    _must(
        given.due == 0 or document.due_on is not None or _has_terms(document),
        "BR-CO-25",
        "An amount due has a date or terms.",
    )
    amounts = (
        *(line.amount for line in document.lines),
        given.tax,
        given.paid,
        given.rounding or ZERO,
    )
    _must(
        all(rounded(amount, document.exponent) == amount for amount in amounts),
        "BR-DEC",
        f"Amounts have the decimals of {document.currency}.",
    )


def _check_local_tax(document: Document) -> None:
    local = document.local_tax
    if local is None:
        return
    _must(local.currency in EXPONENTS, "BR-CL-05", f"{local.currency} is no currency here.")
    _must(
        local.currency != document.currency,
        "PEPPOL-EN16931-R005",
        "Tax is repeated only in another currency than the document's.",
    )


def _has_terms(document: Document) -> bool:
    return document.payment is not None and bool(document.payment.terms)
