"""One of each object, in the states where its owner could act on it."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import uuid4

from accounts.models import User
from accounts.services.access import TokenGrant, token_issue
from common.models import PublicIdModel
from common.public_ids import format_public_id
from invoicing.documents.fees import FeeCharge
from invoicing.enums import FeeKind, Side
from invoicing.models import FeeInvoice
from invoicing.selectors import Wanted
from invoicing.services import documents_make
from invoicing.services.exports import export_request
from invoicing.services.fees import (
    fee_documents_keep,
    fee_documents_render,
    fee_invoices_issue,
)
from invoicing.services.foreign import ForeignFile, foreign_invoice_import
from tests.builders import (
    SANDBOX_OK,
    active_project,
    approved_milestone,
    fund,
    held_project,
    invoice_draft,
    milestone_of,
    open_gig,
    pay,
    pending_application,
    sent_invoice,
    submitted_milestone,
    with_extra,
)
from tests.factories import AT, CommissionerFactory, FreelancerFactory, OrganisationFactory
from tests.wallets.withdrawing import IBAN, request
from wallets.services import BankDetails, payment_begin, payment_method_add, payout_method_add

FOREIGN = (
    Path(__file__).resolve().parents[2] / "docs" / "examples" / "german-domestic" / "ubl.xml"
).read_bytes()


@dataclass(frozen=True)
class World:
    """Two people, and by prefix the identifiers of what is theirs. `open_gig` is for all to see."""

    commissioner: User
    freelancer: User
    open_gig: str
    ids: dict[str, list[str]] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)

    def add(self, *rows: PublicIdModel) -> None:
        for row in rows:
            self.ids.setdefault(row.PREFIX, []).append(row.public_id)

    def first(self, prefix: str) -> str:
        return self.ids[prefix][0]


def build() -> World:
    commissioner, freelancer = CommissionerFactory(), FreelancerFactory()
    OrganisationFactory(owner=commissioner)
    gig = open_gig(by=commissioner, title="Open to all")
    world = World(commissioner, freelancer, gig.public_id)
    world.add(pending_application(gig=gig, by=freelancer), open_gig(by=commissioner, is_draft=True))
    project = active_project(commissioner=commissioner, freelancer=freelancer, tasks=5)
    paid, processing = sent_invoice(project, position=1), sent_invoice(project, position=2)
    held = held_project(commissioner=commissioner, freelancer=freelancer, title="Held")
    documents_make(invoice_ids=[paid.pk], at=AT)
    world.add(
        project.gig,
        project,
        project.application,
        submitted_milestone(project, position=3),
        approved_milestone(project, position=4),
        milestone_of(project, 5),
        sent_invoice(active_project(commissioner=commissioner, freelancer=freelancer)),
        invoice_draft(with_extra(project)),
        paid,
        payment_begin(invoice_id=processing.pk, method=SANDBOX_OK, by=commissioner, at=AT),
        pay(paid),
        held.gig,
        held,
        held.application,
        milestone_of(held, 2),
        fund(held, 1),
        payment_method_add(
            provider="sandbox", token="test_ok", is_default=True, by=commissioner, at=AT
        ),
        payout_method_add(
            details=BankDetails(holder="Fred Freelancer", iban=IBAN), by=freelancer, at=AT
        ),
        request(freelancer, amount="100.00"),
        export_request(wanted=Wanted(side=Side.SENT), by=freelancer, at=AT),
        billed(freelancer),
        foreign_invoice_import(
            file=ForeignFile("ours.xml", FOREIGN, freelancer, Side.RECEIVED),
            accepts_findings=True,
            by=None,
            at=AT,
        ),
        token_issue(grant=TokenGrant(name="Script"), by=commissioner, at=AT)[0],
    )
    world.numbers["invoice"] = processing.number
    return world


def billed(freelancer: User) -> FeeInvoice:
    charge = FeeCharge(FeeKind.FEE, freelancer.pk, "USD", date(2026, 10, 1), 16667, 0)
    fee_invoices_issue(charges=[charge], at=AT)
    invoice = FeeInvoice.objects.get()
    fee_documents_keep(documents=fee_documents_render(invoice_ids=[invoice.pk], at=AT))
    return invoice


def nowhere(world: World) -> World:
    """Identifiers as good as the world's, of nothing."""
    return World(
        world.commissioner,
        world.freelancer,
        format_public_id("gig", uuid4()),
        {
            prefix: [format_public_id(prefix, uuid4()) for _ in public_ids]
            for prefix, public_ids in world.ids.items()
        },
        {"invoice": "ZZZZ-2026-00001"},
    )
