"""What the gig, application, project and milestone endpoints take and give."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from accounts.api.serializers import PartyOutput
from common.api.fields import (
    DayField,
    FlagField,
    ItemsField,
    LineField,
    LinkField,
    MoneyField,
    OptionField,
    PublicIdField,
    TextField,
)
from common.api.serializers import Input, Output
from gigs.enums import (
    ApplicationStatus,
    Category,
    GigStatus,
    InvoicingMethod,
    MilestoneStatus,
    PaymentMode,
    ProjectStatus,
)
from gigs.models import Milestone, Project
from gigs.selectors import invoice_of, project_view
from gigs.services import GigDraft, PlannedTask
from gigs.services.gigs import MAX_MILESTONES

MAX_SKILLS: Final = 30
MAX_CRITERIA: Final = 20
MAX_LINKS: Final = 20
ACTIONS: Final = {"submit": {"message", "links"}, "approve": set(), "request_changes": {"comment"}}
WORDS_OF: Final = {"submit": "message", "request_changes": "comment"}

FREELANCER = {"id": "usr_0b6e1c9d5b4c4f8a9e2b3c4d5e6f7081", "name": "Ada Nwosu"}
COMMISSIONER = {"id": "usr_7c2d9e8f1a3b4c5d8e9f0a1b2c3d4e5f", "name": "Museum of Slices"}
BUDGET = {"amount": "10000.00", "currency": "USD"}
FIRST_PART = {"amount": "3333.34", "currency": "USD"}
NOON = "2026-11-23T12:00:00Z"
GIG_ID = "gig_3f8a1b2c4d5e6f708192a3b4c5d6e7f8"
PROJECT_ID = "prj_5a6b7c8d9e0f4a1b8c2d3e4f5a6b7c8d"
MILESTONE_ID = "mst_9c8b7a6f5e4d4c3b8a291807f6e5d4c3"
APPLICATION_ID = "app_1a2b3c4d5e6f4a8b9c0d1e2f3a4b5c6d"


class PlannedMilestoneInput(Input):
    """A milestone of a gig's plan; no amount means an equal share of the budget."""

    title = LineField(max_length=140)
    description = TextField(max_length=5000, required=False, allow_blank=True)
    due_on = DayField(required=False, allow_null=True)
    amount = MoneyField(required=False, allow_null=True)
    criteria = ItemsField(child=TextField(max_length=300), longest=MAX_CRITERIA, required=False)

    def to_task(self, values: Any) -> PlannedTask:
        return PlannedTask(
            title=values["title"],
            description=values.get("description", ""),
            due_on=values.get("due_on"),
            amount=values.get("amount"),
            criteria=tuple(values.get("criteria", ())),
        )


class GigInput(Input):
    """A gig with its plan. Amounts: of all milestones, adding up to the budget, or of none."""

    example = {
        "title": "Museum web site",
        "description": "A web site for a museum, with a ticket shop.",
        "category": "development",
        "skills": ["django", "css"],
        "budget": BUDGET,
        "invoicing_method": "milestone",
        "payment_mode": "on_invoice",
        "auto_pay": False,
        "self_billed": False,
        "milestones": [
            {"title": "Architecture", "due_on": "2026-12-06"},
            {"title": "Features"},
            {"title": "Launch"},
        ],
    }

    title = LineField(max_length=140)
    description = TextField(max_length=20_000)
    category = OptionField(Category.choices)
    skills = ItemsField(child=LineField(max_length=40), longest=MAX_SKILLS, required=False)
    budget = MoneyField()
    invoicing_method = OptionField(InvoicingMethod.choices, default=InvoicingMethod.MILESTONE)
    payment_mode = OptionField(PaymentMode.choices, default=PaymentMode.ON_INVOICE)
    auto_pay = FlagField(default=False)
    self_billed = FlagField(default=False)
    draft = FlagField(default=False)
    milestones = ItemsField(
        child=PlannedMilestoneInput(), longest=MAX_MILESTONES, allow_empty=False
    )


def draft_of(given: dict[str, Any]) -> GigDraft:
    """What the service takes, of a validated body."""
    plan = PlannedMilestoneInput()
    return GigDraft(
        title=given["title"],
        description=given["description"],
        category=Category(given["category"]),
        budget=given["budget"],
        milestones=tuple(plan.to_task(task) for task in given["milestones"]),
        skills=tuple(given.get("skills", ())),
        invoicing_method=InvoicingMethod(given["invoicing_method"]),
        payment_mode=PaymentMode(given["payment_mode"]),
        is_auto_pay=given["auto_pay"],
        is_self_billed=given["self_billed"],
        is_draft=given["draft"],
    )


class MatchInput(Input):
    """Whom to hire: one of the two."""

    example = {"application_id": APPLICATION_ID}

    freelancer_id = PublicIdField("usr", required=False)
    application_id = PublicIdField("app", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "freelancer_id" not in attrs and "application_id" not in attrs:
            raise ValidationError({"freelancer_id": _required()})
        return attrs


class MatchFreelancerInput(MatchInput):
    """A gig, and whom to hire for it."""

    example = {"gig_id": GIG_ID, "freelancer_id": FREELANCER["id"]}

    gig_id = PublicIdField("gig")


class ApplicationInput(Input):
    """Why this person should be hired."""

    example = {"pitch": "I have built two ticket shops.", "links": ["https://example.com/work"]}

    pitch = TextField(max_length=5000)
    links = ItemsField(child=LinkField(), longest=MAX_LINKS, default=list)


class SubmitInput(Input):
    """Delivered work."""

    example = {"message": "Ready for review.", "links": ["https://example.com/work"]}

    message = TextField(max_length=10_000)
    links = ItemsField(child=LinkField(), longest=MAX_LINKS, default=list)


class ApproveInput(Input):
    """What is added to the price, if anything."""

    example = {"bonus": {"amount": "250.00", "currency": "USD"}}

    bonus = MoneyField(required=False, allow_null=True)


class ChangesInput(Input):
    """What has to change."""

    example = {"comment": "Please add the opening hours."}

    comment = TextField(max_length=10_000)


class TaskActionInput(Input):
    """A task and what to do with it: `submit` takes message and links, `request_changes` a comment."""

    example = {
        "task_id": MILESTONE_ID,
        "action": "submit",
        "message": "Ready for review.",
        "links": ["https://example.com/work"],
    }

    task_id = PublicIdField("mst")
    action = OptionField(list(ACTIONS))
    message = TextField(max_length=10_000, required=False)
    links = ItemsField(child=LinkField(), longest=MAX_LINKS, required=False)
    comment = TextField(max_length=10_000, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        action = attrs["action"]
        words, foreign = (
            WORDS_OF.get(action),
            attrs.keys() - {"task_id", "action"} - ACTIONS[action],
        )
        errors: dict[str, ErrorDetail] = {
            name: ErrorDetail(f"{action} takes no {name}.", "unknown_field")
            for name in sorted(foreign)
        }
        if words and words not in attrs:
            errors[words] = _required()
        if errors:
            raise ValidationError(errors)
        return attrs


class PlannedMilestoneOutput(Output):
    id = serializers.CharField(source="public_id")
    position = serializers.IntegerField()
    title = serializers.CharField()
    description = serializers.CharField()
    amount = MoneyField()
    due_on = serializers.DateField(allow_null=True)
    criteria = serializers.ListField(child=serializers.CharField())


class GigOutput(Output):
    """A gig with its plan."""

    example = {
        "id": GIG_ID,
        "status": "open",
        "title": "Museum web site",
        "description": "A web site for a museum, with a ticket shop.",
        "category": "development",
        "skills": ["django", "css"],
        "budget": BUDGET,
        "invoicing_method": "milestone",
        "payment_mode": "on_invoice",
        "auto_pay": False,
        "self_billed": False,
        "commissioner": COMMISSIONER,
        "milestones": [
            {
                "id": "gms_2b3c4d5e6f704182a3b4c5d6e7f80912",
                "position": 1,
                "title": "Architecture",
                "description": "",
                "amount": BUDGET,
                "due_on": "2026-12-06",
                "criteria": [],
            }
        ],
        "created_at": NOON,
        "posted_at": NOON,
        "closed_at": None,
    }

    id = serializers.CharField(source="public_id")
    status = serializers.ChoiceField(GigStatus.choices)
    title = serializers.CharField()
    description = serializers.CharField()
    category = serializers.ChoiceField(Category.choices)
    skills = serializers.ListField(child=serializers.CharField())
    budget = MoneyField()
    invoicing_method = serializers.ChoiceField(InvoicingMethod.choices)
    payment_mode = serializers.ChoiceField(PaymentMode.choices)
    auto_pay = serializers.BooleanField(source="is_auto_pay")
    self_billed = serializers.BooleanField(source="is_self_billed")
    commissioner = PartyOutput()
    milestones = PlannedMilestoneOutput(source="planned_milestones.all", many=True)
    created_at = serializers.DateTimeField()
    posted_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


class ApplicationOutput(Output):
    """A freelancer's bid on a gig."""

    example = {
        "id": APPLICATION_ID,
        "gig_id": GIG_ID,
        "status": "pending",
        "freelancer": FREELANCER,
        "pitch": "I have built two ticket shops.",
        "links": ["https://example.com/work"],
        "created_at": NOON,
        "decided_at": None,
    }

    id = serializers.CharField(source="public_id")
    gig_id = serializers.CharField(source="gig.public_id")
    status = serializers.ChoiceField(ApplicationStatus.choices)
    freelancer = PartyOutput()
    pitch = serializers.CharField()
    links = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class InvoiceRefOutput(Output):
    """The invoice of a milestone."""

    id = serializers.CharField(source="public_id")
    number = serializers.CharField()
    status = serializers.CharField()


class MilestoneOutput(Output):
    """A priced task of a project.

    `share` is what is left of the price after the upfront part, by the completion method.
    """

    example = {
        "id": MILESTONE_ID,
        "project_id": PROJECT_ID,
        "position": 1,
        "title": "Architecture",
        "description": "",
        "due_on": "2026-12-06",
        "criteria": [],
        "amount": FIRST_PART,
        "share": None,
        "bonus": {"amount": "0.00", "currency": "USD"},
        "status": "in_review",
        "version": 1,
        "submitted_at": NOON,
        "review_ends_at": "2026-12-07T12:00:00Z",
        "review_extended_at": None,
        "approved_at": None,
        "approved_silently": False,
        "settled_at": None,
        "cancelled_at": None,
        "invoice": None,
    }

    id = serializers.CharField(source="public_id")
    project_id = serializers.CharField(source="project.public_id")
    position = serializers.IntegerField()
    title = serializers.CharField()
    description = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)
    criteria = serializers.ListField(child=serializers.CharField())
    amount = MoneyField()
    share = MoneyField(allow_null=True)
    bonus = MoneyField()
    status = serializers.ChoiceField(MilestoneStatus.choices)
    version = serializers.IntegerField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    review_ends_at = serializers.DateTimeField(allow_null=True)
    review_extended_at = serializers.DateTimeField(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    approved_silently = serializers.BooleanField(source="is_approved_silently")
    settled_at = serializers.DateTimeField(allow_null=True)
    cancelled_at = serializers.DateTimeField(allow_null=True)
    invoice = serializers.SerializerMethodField()

    @extend_schema_field(InvoiceRefOutput(allow_null=True))
    def get_invoice(self, milestone: Milestone) -> Any:
        invoice = invoice_of(milestone)
        return invoice and InvoiceRefOutput(invoice).data


class ProjectOutput(Output):
    """The contract that a match made.

    `agreed` is the budget as amended since, with bonuses and without cancelled milestones; `paid` counts paid invoices before tax, and
    `remaining` is what is agreed and not paid. `held` is what is set aside for milestones that are
    funded and not settled. `upfront` is invoiced before work begins, by the completion method; until
    it is paid the project is `awaiting_upfront`.
    """

    example = {
        "id": PROJECT_ID,
        "gig_id": GIG_ID,
        "status": "active",
        "title": "Museum web site",
        "freelancer": FREELANCER,
        "commissioner": COMMISSIONER,
        "fee_rate": "0.0500",
        "budget": BUDGET,
        "upfront": None,
        "agreed": BUDGET,
        "paid": {"amount": "0.00", "currency": "USD"},
        "held": {"amount": "0.00", "currency": "USD"},
        "remaining": BUDGET,
        "invoicing_method": "milestone",
        "payment_mode": "on_invoice",
        "auto_pay": False,
        "self_billed": False,
        "review_days": 14,
        "clearing_days": 0,
        "started_at": NOON,
        "completed_at": None,
        "tasks": [MilestoneOutput.example],
    }

    id = serializers.CharField(source="public_id")
    gig_id = serializers.CharField(source="gig.public_id")
    status = serializers.ChoiceField(ProjectStatus.choices)
    title = serializers.CharField()
    freelancer = PartyOutput()
    commissioner = PartyOutput()
    fee_rate = serializers.DecimalField(max_digits=5, decimal_places=4)
    budget = MoneyField()
    upfront = MoneyField(allow_null=True)
    agreed = MoneyField()
    paid = MoneyField()
    held = MoneyField()
    remaining = MoneyField()
    invoicing_method = serializers.ChoiceField(InvoicingMethod.choices)
    payment_mode = serializers.ChoiceField(PaymentMode.choices)
    auto_pay = serializers.BooleanField(source="is_auto_pay")
    self_billed = serializers.BooleanField(source="is_self_billed")
    review_days = serializers.IntegerField()
    clearing_days = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)
    tasks = MilestoneOutput(source="milestones.all", many=True)

    def to_representation(self, instance: Project) -> dict[str, Any]:
        view = project_view(instance)
        for figure in ("agreed", "paid", "held", "remaining"):
            setattr(instance, figure, getattr(view, figure))
        shown: dict[str, Any] = super().to_representation(instance)
        return shown


def _required() -> ErrorDetail:
    return ErrorDetail("This field is required.", "required")
