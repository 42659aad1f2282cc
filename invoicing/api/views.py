"""Invoices, and asking for the invoice of a task."""

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, idempotent
from accounts.enums import Scope
from common.api.schema import Operation, operation, page_schema
from common.exceptions import Missing, PermissionRefused
from gigs.models import Milestone, Project
from invoicing.api.files import file_answer, file_operation
from invoicing.api.reads import invoices_for
from invoicing.api.serializers import (
    GenerateInput,
    InvoiceListQuery,
    InvoiceOutput,
    MandateInput,
    MandateOutput,
    ObjectionInput,
    ObjectionOutput,
    ReadinessOutput,
)
from invoicing.enums import DocumentKind
from invoicing.exceptions import (
    AlreadyCredited,
    AlreadyObjected,
    MandateOutdated,
    MilestoneNotApproved,
    NoMandate,
    NotAnInvoice,
    ObjectionTooLate,
)
from invoicing.models import Invoice
from invoicing.selectors import file_of, mandate_page
from invoicing.services import (
    invoice_issue_for,
    invoice_object,
    mandate_accept,
    mandate_revoke,
)
from invoicing.services.readiness import project_readiness


class InvoicesView(ApiView):
    @operation(
        Operation(
            name="invoices_list",
            tag="invoices",
            scope=Scope.MONEY_READ,
            query=InvoiceListQuery,
            answers={200: page_schema(InvoiceOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List the invoices that one issued or received.

        `?number=` finds one by its number.
        """
        return self.page(invoices_for(self.user, **self.filters()), InvoiceOutput)


class InvoiceView(ApiView):
    @operation(
        Operation(
            name="invoice_read",
            tag="invoices",
            scope=Scope.MONEY_READ,
            answers={200: InvoiceOutput},
        )
    )
    def get(self, request: Request, invoice_id: str) -> Response:
        """Read an invoice, as its seller or its buyer."""
        return Response(InvoiceOutput(invoices_for(self.user).by_public_id(invoice_id)).data)


class FileView(ApiView):
    """What the downloads of an invoice's files share."""

    def download(self, invoice_id: str, kind: DocumentKind) -> HttpResponse:
        """The file as it was kept."""
        return file_answer(
            file_of(Invoice.objects.for_user(self.user).by_public_id(invoice_id), kind)
        )


class InvoicePdfView(FileView):
    @operation(file_operation("invoice_pdf", DocumentKind.PDF))
    def get(self, request: Request, invoice_id: str) -> HttpResponse:
        """Download the invoice as PDF/A-3b, with its CII inside (Factur-X) where it has one."""
        return self.download(invoice_id, DocumentKind.PDF)


class InvoiceUblView(FileView):
    @operation(file_operation("invoice_ubl", DocumentKind.UBL))
    def get(self, request: Request, invoice_id: str) -> HttpResponse:
        """Download the invoice as UBL 2.1: Peppol BIS, XRechnung or plain EN 16931."""
        return self.download(invoice_id, DocumentKind.UBL)


class InvoiceCiiView(FileView):
    @operation(file_operation("invoice_cii", DocumentKind.CII))
    def get(self, request: Request, invoice_id: str) -> HttpResponse:
        """Download the invoice as UN/CEFACT CII: the XML of its Factur-X file."""
        return self.download(invoice_id, DocumentKind.CII)


class IssuingView(ApiView):
    """What both ways to ask for an invoice share."""

    def issue(self, task_id: str) -> Response:
        """The task's invoice, issued now if there is none."""
        milestone = Milestone.objects.for_user(self.user).only("pk").by_public_id(task_id)
        invoice_id, is_new = invoice_issue_for(milestone_id=milestone.pk, by=self.user, at=self.at)
        shown = invoices_for(self.user).get(pk=invoice_id)
        return Response(InvoiceOutput(shown).data, status=201 if is_new else 200)


class MilestoneInvoiceView(IssuingView):
    @operation(
        Operation(
            name="milestone_invoice",
            tag="milestones",
            scope=Scope.GIGS_WRITE,
            answers={200: InvoiceOutput, 201: InvoiceOutput},
            refusals=[PermissionRefused, MilestoneNotApproved],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, milestone_id: str) -> Response:
        """Issue the invoice of an approved milestone, or get the one that exists.

        It is issued by itself within seconds; this is for those who cannot wait. By the completion
        method the freelancer makes an invoice about one milestone, before the final one comes.
        """
        self.empty_body()
        return self.issue(milestone_id)


class AutoGenerateView(IssuingView):
    @operation(
        Operation(
            name="invoice_auto_generate",
            tag="workflow",
            scope=Scope.GIGS_WRITE,
            request=GenerateInput,
            answers={200: InvoiceOutput, 201: InvoiceOutput},
            refusals=[PermissionRefused, Missing, MilestoneNotApproved],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Issue the invoice of an approved task, or get the one that exists.

        It is issued by itself within seconds; this is for those who cannot wait. By the completion
        method the freelancer makes an invoice about one task, before the final one comes.
        """
        return self.issue(self.body(GenerateInput)["task_id"])


class InvoiceObjectView(ApiView):
    @operation(
        Operation(
            name="invoice_object",
            tag="invoices",
            scope=Scope.MONEY_WRITE,
            request=ObjectionInput,
            answers={201: ObjectionOutput},
            refusals=[
                PermissionRefused,
                AlreadyCredited,
                AlreadyObjected,
                NotAnInvoice,
                ObjectionTooLate,
            ],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, invoice_id: str) -> Response:
        """Object, as its freelancer, to an invoice that was issued in one's name.

        Within 10 days; silence is acceptance. The commissioner and staff are told.
        """
        invoice = Invoice.objects.for_user(self.user).by_public_id(invoice_id)
        reason = self.body(ObjectionInput)["reason"]
        objection = invoice_object(invoice_id=invoice.pk, reason=reason, by=self.user, at=self.at)
        return Response(ObjectionOutput(objection).data, status=201)


class MandateView(ApiView):
    @operation(
        Operation(
            name="mandate_read", tag="auth", scope=Scope.MONEY_READ, answers={200: MandateOutput}
        )
    )
    def get(self, request: Request) -> Response:
        """Read whether invoices may be issued in one's name, and by which text."""
        return Response(MandateOutput(mandate_page(self.user)).data)

    @operation(
        Operation(
            name="mandate_accept",
            tag="auth",
            scope=Scope.MONEY_WRITE,
            request=MandateInput,
            answers={200: MandateOutput},
            refusals=[MandateOutdated, PermissionRefused],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Accept the mandate to issue invoices in one's name, as a freelancer.

        It holds until it is revoked, the text changes, or one's VAT or GST number does.
        """
        mandate_accept(version=self.body(MandateInput)["version"], by=self.user, at=self.at)
        return Response(MandateOutput(mandate_page(self.user)).data)

    @operation(
        Operation(
            name="mandate_revoke",
            tag="auth",
            scope=Scope.MONEY_WRITE,
            answers={204: None},
            refusals=[NoMandate],
        )
    )
    def delete(self, request: Request) -> Response:
        """Revoke the mandate; issued invoices stay as they are."""
        mandate_revoke(by=self.user, at=self.at)
        return Response(status=204)


class ReadinessView(ApiView):
    @operation(
        Operation(
            name="project_readiness",
            tag="projects",
            scope=Scope.GIGS_READ,
            answers={200: ReadinessOutput},
        )
    )
    def get(self, request: Request, project_id: str) -> Response:
        """Read what the next invoices of a project lack to be legal documents.

        Where `is_required`, nobody is hired while something is missing. `side` says whose it is.
        """
        own = Project.objects.for_user(self.user)
        project = own.select_related("freelancer", "commissioner", "organisation").by_public_id(
            project_id
        )
        found = project_readiness(project, by=self.user, on=self.at.date())
        return Response(ReadinessOutput(found).data)
