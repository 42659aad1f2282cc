"""Documents as the services issue them: parties by their legal data, kinds by what people do."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.test import override_settings
from django.utils import timezone

from accounts.models import Organisation, User
from accounts.selectors import LEGAL_FIELDS
from accounts.services import legal_data_update, organisation_save
from gigs.models import Project
from invoicing.documents.files import Files
from invoicing.enums import DocumentKind, FeeKind, InvoiceKind, Unit
from invoicing.models import FeeDocument, FeeInvoice, Invoice, InvoiceDocument, Issuer, ManualLine
from invoicing.services import documents_make, invoice_issue_for
from invoicing.services.fees import (
    PLATFORM_FIELDS,
    fee_documents_keep,
    fee_documents_render,
    fee_invoices_issue,
)
from tests.builders import (
    active_project,
    approved_milestone,
    completion_project,
    credit,
    invoice_draft,
    pay,
    run_jobs,
    sent_draft,
    sent_invoice,
    with_extra,
)
from tests.factories import AT, CommissionerFactory, FreelancerFactory
from tests.invoicing.documents.cases import DE, FR, FR_BUYER, NL_BUYER, PAIRS, PLATFORM
from wallets.selectors.fees import after, fees_of_month

BILLED_AT: Final = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
MONTH: Final = date(2026, 11, 1)
PLATFORM_LEGAL: Final = {
    field: value for field, value in PLATFORM.items() if field in PLATFORM_FIELDS
}


def selling(legal: dict[str, str]) -> User:
    """A freelancer with these data."""
    changes = {field: legal[field] for field in (*LEGAL_FIELDS, "tax_status")}
    return legal_data_update(changes=changes, by=FreelancerFactory(name=legal["name"]), at=AT)


def buying(legal: dict[str, str]) -> User:
    """A commissioner with these data, or one who acts for an organisation that has them."""
    changes = {field: legal[field] for field in LEGAL_FIELDS}
    if legal["id"].startswith(Organisation.PREFIX):
        user = CommissionerFactory(name="Clara Commissioner")
        organisation_save(changes={"name": legal["name"], **changes}, by=user, at=AT)
        return user
    user = CommissionerFactory(name=legal["name"])
    return legal_data_update(changes={**changes, "buyer_kind": legal["kind"]}, by=user, at=AT)


def every_invoice(pair: str, currency: str) -> Iterator[tuple[str, Invoice]]:
    """One of each kind between two parties, with its credit notes: in part, and of the rest."""
    sold, bought = PAIRS[pair]
    people = {"freelancer": selling(sold), "commissioner": buying(bought), "currency": currency}
    budget, extra, prices = _sums(currency)
    yield from _on_completion(completion_project(budget=budget, **people))
    project = with_extra(active_project(budget=budget, **people), extra)
    milestone = sent_invoice(project)
    yield "milestone", milestone
    by_hand = sent_draft(invoice_draft(project, *_lines(prices)))
    yield "manual", by_hand
    part = str(Decimal(extra) / 8)
    yield "part", credit(by_hand, part)
    yield "second part", credit(by_hand, part)
    pay(by_hand)
    yield "rest", credit(by_hand)
    pay(milestone)
    yield "part after payment", credit(milestone, part)


def _on_completion(project: Project) -> Iterator[tuple[str, Invoice]]:
    run_jobs("project.awaits_upfront")
    upfront = Invoice.objects.get(project=project)
    yield "upfront", upfront
    pay(upfront)
    project.refresh_from_db()
    first = approved_milestone(project, position=1)
    asked, _ = invoice_issue_for(milestone_id=first.pk, by=project.freelancer, at=AT)
    yield "asked for", Invoice.objects.get(pk=asked)
    approved_milestone(project, position=2)
    run_jobs("milestone.approved")
    yield "final", Invoice.objects.get(project=project, kind=InvoiceKind.FINAL)


def _sums(currency: str) -> tuple[str, str, tuple[int, ...]]:
    """A budget that thirds do not divide, extra work, and prices in minor units."""
    if currency == "JPY":
        return "333334", "80000", (5001, 333, 12345, 1, 7777)
    return "3333.34", "800.00", (50_01, 3_33, 123_45, 1, 77_77)


def _lines(prices: tuple[int, ...]) -> list[ManualLine]:
    hour, each, day, piece, month = prices
    return [
        ManualLine("Moving the archive", Decimal("1.75"), Unit.HOUR, hour),
        ManualLine("Scans", Decimal("33.3"), Unit.EACH, each),
        ManualLine("Workshop & questions <of all>", Decimal("0.5"), Unit.DAY, day),
        ManualLine("Calls", Decimal("1200"), Unit.PIECE, piece),
        ManualLine("Hosting, November", Decimal(1), Unit.MONTH, month),
    ]


def kept(rows: "list[InvoiceDocument] | list[FeeDocument]") -> Files:
    """The files as they are kept."""
    content = {DocumentKind(row.kind): bytes(row.content) for row in rows}
    return Files(
        data=content[DocumentKind.DATA],
        pdf=content[DocumentKind.PDF],
        cii=content.get(DocumentKind.CII),
        ubl=content.get(DocumentKind.UBL),
    )


def files_kept(invoice: Invoice) -> Files:
    """The files of an invoice, made by its job's service."""
    documents_make(invoice_ids=[invoice.pk], at=AT)
    return kept(list(invoice.documents.all()))


def credit_note() -> Files:
    """A part of a French invoice is taken back after its payment; numbers and keys are fixed."""
    freelancer = selling(FR)
    project = active_project(
        freelancer=freelancer, commissioner=buying(FR_BUYER), currency="EUR", budget="3750.00"
    )
    Issuer.objects.create(user=freelancer, code="H3WE")
    _name_for_ever(project)
    invoice = sent_invoice(project)
    pay(invoice)
    return files_kept(credit(invoice, "333.33"))


def self_billed() -> Files:
    """A museum bills itself for a French studio's work, as both agreed in the gig."""
    freelancer = selling(FR)
    project = active_project(
        freelancer=freelancer,
        commissioner=buying(NL_BUYER),
        currency="EUR",
        budget="3750.00",
        is_self_billed=True,
    )
    Issuer.objects.create(user=freelancer, code="B4YR")
    _name_for_ever(project)
    return files_kept(sent_invoice(project))


def fee() -> Files:
    """The platform's fee for the invoices of a month, from what the ledger took."""
    return _fee_files(FeeKind.FEE, _fees())


def fee_given_back() -> Files:
    """The platform gives a part of that fee back, as its invoice was credited."""
    return _fee_files(FeeKind.CREDIT, _fees(credited="450.00"))


def _fees(*, credited: str = "") -> User:
    freelancer = selling(DE)
    project = active_project(
        freelancer=freelancer, commissioner=buying(FR_BUYER), currency="EUR", budget="10000.02"
    )
    Issuer.objects.create(user=freelancer, code="K7QM")
    _name_for_ever(project)
    User.objects.filter(pk=freelancer.pk).update(uuid=UUID(int=0xFEE, version=4))
    for position in (1, 2):
        invoice = sent_invoice(project, position=position)
        pay(invoice)
    if credited:
        invoice.refresh_from_db()
        credit(invoice, credited)
    return freelancer


def _fee_files(kind: FeeKind, freelancer: User) -> Files:
    """The ledger dates its rows itself: today's month is billed as the month of the example."""
    today = timezone.now().date().replace(day=1)
    charges = [
        replace(charge, month=MONTH, corrected=(MONTH,) if charge.corrected else ())
        for charge in fees_of_month(today)
    ]
    assert after(MONTH) == BILLED_AT.date()
    with override_settings(PLATFORM_LEGAL=PLATFORM_LEGAL):
        fee_invoices_issue(charges=charges, at=BILLED_AT)
    invoice = FeeInvoice.objects.get(freelancer=freelancer, kind=kind)
    fee_documents_keep(documents=fee_documents_render(invoice_ids=[invoice.pk], at=BILLED_AT))
    return kept(list(invoice.documents.all()))


def _name_for_ever(project: Project) -> None:
    """Identifiers that are printed are random: give those of the example."""
    Project.objects.filter(pk=project.pk).update(uuid=UUID(int=0xA, version=4))
    for milestone in project.milestones.all():
        milestone.uuid = UUID(int=0xB0 + milestone.position, version=4)
        milestone.save(update_fields=["uuid"])


ISSUED: Final = {
    "credit-note": credit_note,
    "self-billed": self_billed,
    "platform-fee": fee,
    "platform-fee-given-back": fee_given_back,
}
