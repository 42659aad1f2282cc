"""Posting, editing, opening and closing gigs."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from djmoney.money import Money

from accounts import audit
from accounts.models import Organisation, User
from accounts.policies import require
from common.exceptions import FieldError, Invalid
from common.money import AmountError, amount_text, split, sum_money
from gigs import policies
from gigs.enums import Category, GigStatus, InvoicingMethod, PaymentMode
from gigs.exceptions import BudgetTooSmall, GigNotDraft
from gigs.models import Gig, PlannedMilestone
from gigs.selectors import completion_split

MAX_MILESTONES = 50
SAME_GIG_WITHIN = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """One milestone of a gig's plan; no amount means an equal share of the budget."""

    title: str
    description: str = ""
    due_on: date | None = None
    amount: Money | None = None
    criteria: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GigDraft:
    """All that a commissioner says of a gig."""

    title: str
    description: str
    category: Category
    budget: Money
    milestones: tuple[PlannedTask, ...]
    skills: tuple[str, ...] = ()
    invoicing_method: InvoicingMethod = InvoicingMethod.MILESTONE
    payment_mode: PaymentMode = PaymentMode.ON_INVOICE
    is_auto_pay: bool = False
    is_self_billed: bool = False
    is_draft: bool = field(default=False)


@transaction.atomic
def gig_post(*, draft: GigDraft, by: User, at: datetime) -> tuple[Gig, bool]:
    """Create a gig, open unless it is a draft; (gig, True), or (the first one, False) when the
    same user posted the same within 60 s.

    The user's row is locked, so that two equal posts at once make one gig.
    Invalid, BudgetTooSmall, PermissionRefused.
    """
    require(policies.may_post(by), "Only commissioners can post gigs.")
    amounts = _amounts(draft)
    digest = _digest(draft)
    User.objects.locked().get(pk=by.pk)
    twin = Gig.objects.filter(
        commissioner=by, digest=digest, created_at__gt=at - SAME_GIG_WITHIN
    ).first()
    if twin is not None:
        return twin, False
    gig = _write(draft, amounts, digest=digest, by=by, at=at)
    audit.record(
        audit.Record(
            event="gig.drafted" if draft.is_draft else "gig.posted",
            target=gig,
            after={"status": gig.status, **_terms(draft.budget, len(amounts))},
        ),
        by=by,
        at=at,
    )
    return gig, True


@transaction.atomic
def gig_edit(*, gig_id: int, draft: GigDraft, by: User, at: datetime) -> Gig:
    """Write a draft anew, its plan included; it is posted unless it stays a draft.

    GigNotDraft once people could read it: what they apply to does not change under them.
    Invalid, BudgetTooSmall, PermissionRefused.
    """
    gig = Gig.objects.locked().get(pk=gig_id)
    require(policies.may_manage(by, gig), "Only the gig's owner can edit it.")
    if gig.status != GigStatus.DRAFT:
        raise GigNotDraft
    amounts = _amounts(draft)
    before = _terms(gig.budget, gig.planned_milestones.count())
    written = {**_columns(draft), "digest": _digest(draft)}
    for name, value in written.items():
        setattr(gig, name, value)
    gig.save(update_fields=[*written, "currency"])
    gig.planned_milestones.all().delete()
    _write_plan(gig, draft, amounts)
    audit.record(
        audit.Record(
            event="gig.edited",
            target=gig,
            before=before,
            after=_terms(draft.budget, len(amounts)),
        ),
        by=by,
        at=at,
    )
    return gig if draft.is_draft else _open(gig, by=by, at=at)


def _terms(budget: Money, milestones: int) -> dict[str, str | int]:
    return {
        "budget": amount_text(budget),
        "currency": budget.currency.code,
        "milestones": milestones,
    }


def _write(draft: GigDraft, amounts: list[Money], *, digest: str, by: User, at: datetime) -> Gig:
    gig = Gig.objects.create(
        commissioner=by,
        organisation=Organisation.objects.filter(owner=by).first(),
        **_columns(draft),
        status=GigStatus.DRAFT if draft.is_draft else GigStatus.OPEN,
        digest=digest,
        created_at=at,
        posted_at=None if draft.is_draft else at,
    )
    _write_plan(gig, draft, amounts)
    return gig


def _columns(draft: GigDraft) -> dict[str, Any]:
    return {
        "title": draft.title,
        "description": draft.description,
        "category": draft.category,
        "skills": list(draft.skills),
        "budget": draft.budget,
        "invoicing_method": draft.invoicing_method,
        "payment_mode": draft.payment_mode,
        "is_auto_pay": draft.is_auto_pay,
        "is_self_billed": draft.is_self_billed,
    }


def _write_plan(gig: Gig, draft: GigDraft, amounts: list[Money]) -> None:
    PlannedMilestone.objects.bulk_create(
        PlannedMilestone(
            gig=gig,
            position=position,
            title=task.title,
            description=task.description,
            due_on=task.due_on,
            criteria=list(task.criteria),
            amount=amount,
        )
        for position, (task, amount) in enumerate(zip(draft.milestones, amounts, strict=True), 1)
    )


@transaction.atomic
def gig_open(*, gig_id: int, by: User, at: datetime) -> Gig:
    """Publish a draft. GigTransitionRefused, PermissionRefused."""
    gig = Gig.objects.locked().get(pk=gig_id)
    require(policies.may_manage(by, gig), "Only the gig's owner can post it.")
    return _open(gig, by=by, at=at)


def _open(gig: Gig, *, by: User, at: datetime) -> Gig:
    before = gig.status
    gig.move_to(GigStatus.OPEN)
    gig.posted_at = at
    gig.save(update_fields=["status", "posted_at"])
    _audit_move("gig.posted", gig, before, by=by, at=at)
    return gig


@transaction.atomic
def gig_close(*, gig_id: int, by: User, at: datetime) -> Gig:
    """Take a gig off the market. GigTransitionRefused, PermissionRefused."""
    gig = Gig.objects.locked().get(pk=gig_id)
    require(policies.may_close(by, gig), "Only the gig's owner can close it.")
    before = gig.status
    gig.move_to(GigStatus.CLOSED)
    gig.closed_at = at
    gig.save(update_fields=["status", "closed_at"])
    _audit_move("gig.closed", gig, before, by=by, at=at)
    return gig


def _amounts(draft: GigDraft) -> list[Money]:
    """`planned_split` of the draft. Invalid, BudgetTooSmall for what its method cannot do."""
    amounts = planned_split(budget=draft.budget, tasks=draft.milestones)
    if draft.invoicing_method == InvoicingMethod.COMPLETION:
        if draft.payment_mode != PaymentMode.ON_INVOICE:
            message = "The completion method is paid on invoice: there is nothing to hold."
            raise Invalid([FieldError("payment_mode", "not_with_completion", message)])
        try:
            completion_split(draft.budget, amounts)
        except AmountError as error:
            raise BudgetTooSmall(str(error)) from error
    return amounts


def planned_split(*, budget: Money, tasks: tuple[PlannedTask, ...]) -> list[Money]:
    """The amount of each task: the given ones, which must add up, or equal shares of the budget.

    Invalid for a wrong number of tasks, currency or sum; BudgetTooSmall for a share below one
    sub-unit.
    """
    if not 1 <= len(tasks) <= MAX_MILESTONES:
        raise Invalid(
            [FieldError("milestones", "out_of_range", f"Plan 1 to {MAX_MILESTONES} milestones.")]
        )
    given = [task.amount for task in tasks if task.amount is not None]
    currency = budget.currency.code
    if not given:
        try:
            return split(budget, len(tasks))
        except AmountError as error:
            raise BudgetTooSmall(str(error)) from error
    if len(given) != len(tasks):
        message = "Give every milestone an amount, or none."
        raise Invalid([FieldError("milestones", "amounts_incomplete", message)])
    if any(amount.currency.code != currency for amount in given):
        message = "Milestone amounts are in the currency of the budget."
        raise Invalid([FieldError("milestones", "currency_mismatch", message)])
    if sum_money(given, currency) != budget:
        message = "The milestone amounts must add up to the budget exactly."
        raise Invalid([FieldError("milestones", "amounts_do_not_add_up", message)])
    return given


def _digest(draft: GigDraft) -> str:
    text = json.dumps(asdict(draft), default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _audit_move(event: str, gig: Gig, before: str, *, by: User, at: datetime) -> None:
    audit.record(
        audit.Record(
            event=event, target=gig, before={"status": before}, after={"status": gig.status}
        ),
        by=by,
        at=at,
    )
