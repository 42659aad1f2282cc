"""Invoices by hand: drafts, and what becomes of them."""

import re
from decimal import Decimal
from typing import Any, Final

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, idempotent
from accounts.enums import Scope
from accounts.models import User
from common.api.fields import (
    ItemsField,
    LineField,
    MoneyField,
    OptionField,
    PublicIdField,
    PublicIdFilter,
)
from common.api.query import ListQuery
from common.api.schema import Operation, operation, page_schema
from common.api.serializers import Input, Output
from common.exceptions import FieldError, Invalid, Missing, PermissionRefused
from common.money import from_minor, to_minor
from gigs.api.serializers import NOON, PROJECT_ID
from gigs.exceptions import ExceedsAgreed
from gigs.models import Project
from invoicing.api.reads import invoices_for
from invoicing.api.serializers import INVOICE_ID, InvoiceOutput
from invoicing.api.views import InvoicesView
from invoicing.enums import DraftStatus, Unit
from invoicing.exceptions import DraftTransitionRefused
from invoicing.models import InvoiceDraft, ManualLine
from invoicing.services import draft_cancel, draft_create, draft_edit, draft_send
from invoicing.services.manual import MAX_LINES

QUANTITY: Final = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2})?")
HOUR: Final = {"amount": "85.00", "currency": "USD"}


class QuantityField(serializers.CharField):
    """A decimal string with two decimals at most, more than zero."""

    default_error_messages = {
        "wrong_type": "This must be a string.",
        "invalid_quantity": "Write a quantity above zero with two decimals at most, such as 7.50.",
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("wrong_type")
        if not QUANTITY.fullmatch(data) or not (quantity := Decimal(data)):
            self.fail("invalid_quantity")
        return quantity


class ManualLineInput(Input):
    """One line; its amount is quantity times price, rounded half up."""

    example = {
        "description": "Moving the old archive",
        "quantity": "7.50",
        "unit": "HUR",
        "unit_price": HOUR,
    }

    description = LineField(max_length=300)
    quantity = QuantityField(default="1")
    unit = OptionField(Unit.choices, default=Unit.LUMP_SUM)
    unit_price = MoneyField()


class LinesInput(Input):
    """The lines of a draft."""

    example = {"lines": [ManualLineInput.example]}

    lines = ItemsField(child=ManualLineInput(), longest=MAX_LINES, allow_empty=False)


class DraftInput(LinesInput):
    """For which project, and what."""

    example = {"project_id": PROJECT_ID, **LinesInput.example}

    project_id = PublicIdField("prj")


class ManualLineOutput(Output):
    description = serializers.CharField()
    quantity = serializers.DecimalField(max_digits=9, decimal_places=2)
    unit = serializers.ChoiceField(Unit.choices)
    unit_price = MoneyField()
    amount = MoneyField()


class DraftOutput(Output):
    """An invoice by hand without a number yet. The invoice that it becomes has the same `id`."""

    example = {
        "id": INVOICE_ID,
        "number": None,
        "status": "draft",
        "kind": "manual",
        "project_id": PROJECT_ID,
        "subtotal": {"amount": "637.50", "currency": "USD"},
        "lines": [
            {**ManualLineInput.example, "amount": {"amount": "637.50", "currency": "USD"}},
        ],
        "created_at": NOON,
    }

    id = serializers.CharField(source="public_id")
    number = serializers.CharField(source="invoice.number", default=None, allow_null=True)
    status = serializers.ChoiceField(DraftStatus.choices)
    kind = serializers.CharField(default="manual")
    project_id = serializers.CharField(source="project.public_id")
    subtotal = MoneyField()
    lines = ManualLineOutput(source="shown_lines", many=True)
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: InvoiceDraft) -> dict[str, Any]:
        currency = instance.project.budget.currency.code
        lines = [
            {
                "description": line.description,
                "quantity": line.quantity,
                "unit": line.unit,
                "unit_price": from_minor(line.price, currency),
                "amount": from_minor(line.amount, currency),
            }
            for line in instance.lines
        ]
        setattr(instance, "shown_lines", lines)  # noqa: B010 - what the field above reads
        shown: dict[str, Any] = super().to_representation(instance)
        return {**shown, "kind": "manual"}


class DraftQuery(ListQuery):
    status = OptionField(DraftStatus.choices, required=False)
    project_id = PublicIdFilter("prj", required=False)


def drafts_for(user: User, **query: Any) -> QuerySet[InvoiceDraft]:
    """A freelancer's own drafts."""
    drafts = InvoiceDraft.objects.filter(seller=user).select_related("project", "invoice")
    if "status" in query:
        drafts = drafts.filter(status=query["status"])
    if "project_id" in query:
        drafts = drafts.filter(project__uuid=query["project_id"])
    return drafts


def lines_in(given: dict[str, Any], currency: str) -> list[ManualLine]:
    """The lines of a validated body. Invalid for another currency than the project's."""
    for number, line in enumerate(given["lines"]):
        if line["unit_price"].currency.code != currency:
            message = "Prices are in the currency of the project."
            field = f"lines.{number}.unit_price"
            raise Invalid([FieldError(field, "currency_mismatch", message)])
    return [
        ManualLine(
            line["description"],
            Decimal(line["quantity"]),
            Unit(line["unit"]),
            to_minor(line["unit_price"]),
        )
        for line in given["lines"]
    ]


class DraftsView(ApiView):
    @operation(
        Operation(
            name="invoice_drafts_list",
            tag="invoices",
            scope=Scope.MONEY_READ,
            query=DraftQuery,
            answers={200: page_schema(DraftOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List one's drafts of invoices by hand, as a freelancer."""
        return self.page(drafts_for(self.user, **self.filters()), DraftOutput)


class InvoicesAndDraftView(InvoicesView):
    @operation(
        Operation(
            name="invoice_draft_create",
            tag="invoices",
            scope=Scope.MONEY_WRITE,
            request=DraftInput,
            answers={201: DraftOutput},
            refusals=[PermissionRefused, Missing],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Draft an invoice by hand for work beside the milestones, as a project's freelancer.

        It has no number and nobody else sees it until it is sent.
        """
        given = self.body(DraftInput)
        own = Project.objects.for_user(self.user)
        project = own.by_public_id(given["project_id"])
        draft = draft_create(
            project_id=project.pk,
            lines=lines_in(given, project.budget.currency.code),
            by=self.user,
            at=self.at,
        )
        return Response(DraftOutput(draft).data, status=201)


class DraftAnswers(ApiView):
    """What the calls about one draft share."""

    def named(self, invoice_id: str) -> InvoiceDraft:
        return drafts_for(self.user).by_public_id(invoice_id)  # type: ignore[attr-defined,no-any-return]


class DraftView(DraftAnswers):
    @operation(
        Operation(
            name="invoice_draft_read",
            tag="invoices",
            scope=Scope.MONEY_READ,
            answers={200: DraftOutput},
        )
    )
    def get(self, request: Request, invoice_id: str) -> Response:
        """Read a draft of one's own."""
        return Response(DraftOutput(self.named(invoice_id)).data)

    @operation(
        Operation(
            name="invoice_draft_edit",
            tag="invoices",
            scope=Scope.MONEY_WRITE,
            request=LinesInput,
            answers={200: DraftOutput},
            refusals=[DraftTransitionRefused],
        )
    )
    def put(self, request: Request, invoice_id: str) -> Response:
        """Write the lines of a draft anew."""
        given = self.body(LinesInput)
        draft = self.named(invoice_id)
        lines = lines_in(given, draft.project.budget.currency.code)
        edited = draft_edit(draft_id=draft.pk, lines=lines, by=self.user, at=self.at)
        return Response(DraftOutput(edited).data)


class DraftCancelView(DraftAnswers):
    @operation(
        Operation(
            name="invoice_draft_cancel",
            tag="invoices",
            scope=Scope.MONEY_WRITE,
            answers={200: DraftOutput},
            refusals=[DraftTransitionRefused],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, invoice_id: str) -> Response:
        """Give a draft up."""
        self.empty_body()
        draft = self.named(invoice_id)
        return Response(DraftOutput(draft_cancel(draft_id=draft.pk, by=self.user, at=self.at)).data)


class DraftSendView(DraftAnswers):
    @operation(
        Operation(
            name="invoice_draft_send",
            tag="invoices",
            scope=Scope.MONEY_WRITE,
            answers={200: InvoiceOutput},
            refusals=[DraftTransitionRefused, ExceedsAgreed],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, invoice_id: str) -> Response:
        """Number, freeze and send a draft, within what is agreed for extra work.

        The answer is the invoice; it is found and paid like any other.
        """
        self.empty_body()
        sent = draft_send(draft_id=self.named(invoice_id).pk, by=self.user, at=self.at)
        return Response(InvoiceOutput(invoices_for(self.user).get(pk=sent)).data)
