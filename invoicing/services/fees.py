"""The platform's own invoices to freelancers: one a month and currency, and one for what went back."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from accounts import audit
from accounts.enums import PartyKind
from accounts.models import User
from accounts.selectors import LEGAL_FIELDS, buyer_copy, logo_contents
from accounts.services import attachments as mail_attachments
from accounts.services import platform_logo
from accounts.services.attachments import Attachment
from accounts.services.mail import Files, Mail, Page, Values, mail_enqueue_many
from common.money import basis_in, tax_on
from invoicing import numbering
from invoicing.documents.fees import CONTACT_FIELDS, FeeCharge, FeeParts, FeeSums, fee_document
from invoicing.documents.files import files_of
from invoicing.documents.language import wording_of
from invoicing.documents.model import Document, Language
from invoicing.documents.stored import from_json, to_json
from invoicing.enums import FEE_FAMILIES, DocumentKind, FeeKind
from invoicing.models import FeeDocument, FeeInvoice
from invoicing.selectors import FILE_ORDER
from invoicing.tax import Decision, decide, tax_party
from outbox.services import enqueue

FEE_DOCUMENT: Final = "fee_invoice.document"
FILES: Final = "fee_invoice"
"""What mails call the files of a fee invoice."""
NAME: Final = "Tranche"
"""Who issues fee invoices, where no legal data say it."""
PLATFORM_FIELDS: Final = (*LEGAL_FIELDS, "tax_status", *CONTACT_FIELDS)


@transaction.atomic
def fee_invoices_issue(*, charges: Sequence[FeeCharge], at: datetime) -> int:
    """Issue the fee invoices of charges that have none yet; how many.

    Under the lock of the platform's series, so that each month is invoiced once and numbers have
    no gap. Tax is decided from the legal data of the day; it is in the total. A fee that went back
    before any was billed, by rounding alone, waits for the first fee invoice to correct.
    """
    families = sorted({charge.kind for charge in charges}, key=[*FeeKind].index)
    counters = {
        kind: numbering.platform_counter(year=at.year, family=FEE_FAMILIES[kind])
        for kind in families
    }
    people = User.objects.in_bulk({charge.user_id for charge in charges})
    taken = set(
        FeeInvoice.objects.filter(freelancer__in=people).values_list(
            "kind", "freelancer", "currency", "month"
        )
    )
    named = {(user_id, currency) for kind, user_id, currency, _ in taken if kind == FeeKind.FEE}
    made, logo = [], platform_logo(at=at)
    for charge in sorted(charges, key=lambda one: [*FeeKind].index(one.kind)):
        owner = (charge.user_id, charge.currency)
        if (charge.kind, *owner, charge.month) in taken:
            continue
        if charge.kind == FeeKind.FEE:
            named.add(owner)
        if owner in named:
            counter = counters[charge.kind]
            invoice = _invoice(charge, people[charge.user_id], counter, logo=logo, at=at)
            invoice.save()
            made.append(invoice)
    numbering.advance(counters.values())
    audit.record_many([_record(invoice) for invoice in made], by=None, at=at)
    for invoice in made:
        enqueue(FEE_DOCUMENT, key=invoice.public_id, payload={"fee_invoice": invoice.pk})
    return len(made)


def fees_wait(charges: Sequence[FeeCharge]) -> bool:
    """Whether a fee went back to somebody who has no fee invoice yet that its note could name."""
    back = {(one.user_id, one.currency) for one in charges if one.kind == FeeKind.CREDIT}
    own = FeeInvoice.objects.filter(kind=FeeKind.FEE, freelancer__in={user for user, _ in back})
    return bool(back - set(own.values_list("freelancer", "currency")))


def fee_documents_render(*, invoice_ids: Sequence[int], at: datetime) -> list[FeeDocument]:
    """All files of each fee invoice that has none yet, not kept so far: needs no transaction."""
    missing = FeeInvoice.objects.filter(pk__in=invoice_ids).exclude(
        documents__kind=DocumentKind.PDF
    )
    documents = [
        (invoice, from_json(invoice.snapshot.encode("ascii"))) for invoice in missing.order_by("pk")
    ]
    logos = logo_contents({document.logo for _, document in documents if document.logo})
    return [
        row
        for invoice, document in documents
        for row in _files(invoice, document, logos.get(document.logo), at=at)
    ]


@transaction.atomic
def fee_documents_keep(*, documents: Sequence[FeeDocument]) -> None:
    """Write the files, and mail them to the freelancer, once."""
    FeeDocument.objects.bulk_create(documents, ignore_conflicts=True)
    made = {row.invoice_id for row in documents}
    invoices = FeeInvoice.objects.filter(pk__in=made).select_related("freelancer")
    mail_enqueue_many(
        Mail.FEE_INVOICE_ISSUED,
        [
            (invoice.freelancer, invoice.public_id, _words(invoice))
            for invoice in invoices.order_by("pk")
        ],
    )


def attachments(public_id: str) -> list[Attachment]:
    """A fee invoice's files for a mail: the page first."""
    invoice = FeeInvoice.objects.only("number").by_public_id(public_id)
    files = sorted(
        invoice.documents.select_related("invoice").exclude(kind=DocumentKind.DATA),
        key=lambda file: FILE_ORDER.index(file.kind),
    )
    return [Attachment(file.file_name, file.media_type, bytes(file.content)) for file in files]


def register() -> None:
    """Let mails carry the files of a fee invoice."""
    mail_attachments.register(FILES, attachments)


def platform_copy() -> dict[str, str]:
    """The platform as the seller of its service, as PLATFORM_LEGAL says."""
    unknown = settings.PLATFORM_LEGAL.keys() - set(PLATFORM_FIELDS)
    if unknown:
        raise ImproperlyConfigured(f"PLATFORM_LEGAL does not know {', '.join(sorted(unknown))}.")
    nothing = dict.fromkeys(PLATFORM_FIELDS, "")
    legal = {**nothing, "legal_name": NAME, **settings.PLATFORM_LEGAL}
    return {**legal, "id": "platform", "name": NAME, "kind": PartyKind.BUSINESS, "iban": ""}


def fee_sums(charge: FeeCharge, decision: Decision | None) -> FeeSums:
    """The basis and tax that an amount with tax in it has; the spare cent is the rounding."""
    rate = decision.rate if decision is not None and decision.rate else Decimal(0)
    subtotal = basis_in(rate, charge.total)
    of_withdrawals = min(basis_in(rate, charge.of_withdrawals), subtotal)
    tax = tax_on(rate, subtotal)
    return FeeSums(
        of_invoices=subtotal - of_withdrawals if charge.of_invoices else 0,
        of_withdrawals=of_withdrawals if charge.of_invoices else subtotal,
        tax=tax,
        rounding=charge.total - subtotal - tax,
    )


def _invoice(
    charge: FeeCharge, user: User, counter: numbering.Counter, *, logo: str, at: datetime
) -> FeeInvoice:
    seller, buyer = platform_copy(), {**buyer_copy(user), "kind": PartyKind.BUSINESS}
    decision = decide(tax_party(seller), tax_party(buyer), on=at.date())
    sums = fee_sums(charge, decision)
    position, number = counter.take()
    document = fee_document(
        FeeParts(
            kind=charge.kind,
            number=number,
            issued_on=at.date(),
            month=charge.month,
            currency=charge.currency,
            seller=seller,
            buyer=buyer,
            decision=decision,
            sums=sums,
            numbers=charge.numbers,
            corrects=_corrected(charge) if charge.kind == FeeKind.CREDIT else (),
            logo=logo,
        )
    )
    return FeeInvoice(
        kind=charge.kind,
        series_id=counter.series_id,
        position=position,
        number=number,
        freelancer=user,
        month=charge.month,
        currency=charge.currency,
        subtotal_minor=sums.subtotal,
        tax_minor=sums.tax,
        rounding_minor=sums.rounding,
        total_minor=sums.total,
        tax_rule=decision.rule if decision else "",
        snapshot=to_json(document).decode("ascii"),
        issued_at=at,
        issued_on=at.date(),
    )


def _corrected(charge: FeeCharge) -> Sequence[tuple[str, date]]:
    """The fee invoices of the months whose fees went back, else the latest one until then, else the
    first: nothing while there is none."""
    own = FeeInvoice.objects.filter(
        kind=FeeKind.FEE, freelancer=charge.user_id, currency=charge.currency
    ).values_list("number", "issued_on")
    return (
        list(own.filter(month__in=charge.corrected).order_by("month"))
        or list(own.filter(month__lte=charge.month).order_by("-month")[:1])
        or list(own.order_by("month")[:1])
    )


def _files(
    invoice: FeeInvoice, document: Document, logo: bytes | None, *, at: datetime
) -> Iterator[FeeDocument]:
    for kind, content in files_of(document, logo=logo).by_kind().items():
        digest = hashlib.sha256(content).hexdigest()
        yield FeeDocument(invoice=invoice, kind=kind, content=content, digest=digest, created_at=at)


def _record(invoice: FeeInvoice) -> audit.Record:
    return audit.Record(
        event="fee_invoice.issued",
        target=invoice,
        after={
            "number": invoice.number,
            "month": f"{invoice.month:%Y-%m}",
            "total_minor": invoice.total_minor,
            "tax_minor": invoice.tax_minor,
            "currency": invoice.currency,
        },
    )


def _words(invoice: FeeInvoice) -> Values:
    months = wording_of(Language.ENGLISH).months
    return {
        "number": invoice.number,
        "kind": invoice.get_kind_display(),
        "month": f"{months[invoice.month.month - 1]} {invoice.month.year}",
        "total": invoice.total,
        "path": Page("invoicing:fees"),
        "files": Files(FILES, invoice.public_id),
    }
