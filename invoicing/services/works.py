"""What is to be invoiced: read under the locks of its projects and milestones, in plain rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from common.formats import percent_for_people
from common.money import decimal_of, minor_of, quantize, to_minor
from common.public_ids import format_public_id
from gigs.enums import InvoicingMethod, MilestoneStatus, ProjectStatus
from gigs.models import Milestone, Project
from invoicing.enums import OWN_KINDS, InvoiceKind
from invoicing.models import LUMP_SUM, Invoice

BILLABLE: Final = frozenset({MilestoneStatus.APPROVED, MilestoneStatus.SETTLED})
LONGEST: Final = 300
TERMS: Final = (
    "pk",
    "title",
    "fee_rate",
    "invoiced_minor",
    "fees_minor",
    "freelancer_id",
    "commissioner_id",
    "organisation_id",
    "invoicing_method",
)
TASK: Final = (
    "pk",
    "uuid",
    "title",
    "status",
    "amount",
    "share_minor",
    "bonus_minor",
    "currency",
    "project",
    "approved_at",
)


@dataclass(slots=True)
class Terms:
    """A locked project as invoices need it; the totals move in memory as invoices are drafted."""

    pk: int
    title: str
    fee_rate: Decimal
    invoiced_minor: int
    fees_minor: int
    freelancer_id: int
    commissioner_id: int
    organisation_id: int | None
    invoicing_method: str

    @classmethod
    def of(cls, project: Project) -> "Terms":
        """Of a project that the caller has locked, or that nothing is issued for."""
        return cls(*(getattr(project, name) for name in TERMS))

    @property
    def is_by_completion(self) -> bool:
        return self.invoicing_method == InvoicingMethod.COMPLETION

    @property
    def seller_key(self) -> str:
        return f"seller:{self.freelancer_id}"

    @property
    def buyer_key(self) -> str:
        """Of the organisation, where the commissioner acts for one."""
        if self.organisation_id is not None:
            return f"organisation:{self.organisation_id}"
        return f"user:{self.commissioner_id}"


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One line to write; amounts in minor units, the unit price as it is printed."""

    description: str
    amount: int
    unit_price: Decimal
    quantity: Decimal = Decimal(1)
    unit: str = LUMP_SUM


@dataclass(frozen=True, slots=True)
class Work:
    """What one invoice is about, and the terms of its project; gross in minor units.

    `about` is the public id of the milestone, or of the project where it is about no single one.
    The invoice gets `uuid` if there is one.
    """

    kind: InvoiceKind
    milestone_id: int | None
    about: str
    lines: tuple[DraftLine, ...]
    currency: str
    project: Terms
    uuid: UUID | None = None

    @property
    def gross(self) -> int:
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True, slots=True)
class Task:
    """A locked milestone: the price, or what the upfront part left of it, and the bonus."""

    pk: int
    public_id: str
    title: str
    is_billable: bool
    price: int
    bonus: int
    currency: str
    project_id: int
    approved_at: datetime | None

    @property
    def order(self) -> tuple[datetime, int]:
        """By approval; only of an approved one."""
        if self.approved_at is None:
            raise ValueError(f"milestone {self.pk} is not approved")
        return self.approved_at, self.pk


def works_of(milestone_ids: Sequence[int]) -> list[Work]:
    """What approvals of these milestones lead to, in order of approval.

    Each that has no invoice yet; by the completion method the final invoice of a project of which
    all milestones are approved. Projects, then milestones are locked, in primary-key order.
    """
    which = Q(pk__any_of=frozenset(milestone_ids))
    asked = Milestone.objects.among(milestone_ids)
    projects = locked_terms(asked.values_list("project"))
    whole = [pk for pk, terms in projects.items() if terms.is_by_completion]
    tasks = locked_tasks(which | Q(project__in=whole) if whole else which)
    taken = taken_of(tasks)
    found = [
        (task.order, task_work(task, projects[task.project_id], InvoiceKind.MILESTONE))
        for task in tasks
        if task.project_id not in whole and task.is_billable and task.pk not in taken
    ]
    for pk in unfinished(whole):
        parts = [task for task in tasks if task.project_id == pk]
        if all(task.is_billable for task in parts):
            work = final_work([task for task in parts if task.pk not in taken], projects[pk])
            found.append((max(task.order for task in parts), work))
    return [work for _, work in sorted(found, key=lambda pair: pair[0])]


def works_by_hand(milestone_id: int, *, project_id: int) -> list[Work]:
    """The invoice that can be made about one approved milestone by the completion method.

    While others are not approved it is about that one; then it is the final one. None where it is
    on an invoice already. The project, then all its milestones are locked.
    """
    terms = locked_terms([project_id])[project_id]
    tasks = locked_tasks(Q(project=project_id))
    left = {task.pk: task for task in tasks if task.pk not in taken_of(tasks)}
    if milestone_id not in left or not unfinished([project_id]):
        return []
    if all(task.is_billable for task in tasks):
        return [final_work(list(left.values()), terms)]
    return [task_work(left[milestone_id], terms, InvoiceKind.MANUAL)]


def unfinished(project_ids: Sequence[int]) -> list[int]:
    """Those of the projects, of the completion method, that have no final invoice."""
    if not project_ids:
        return []
    final = Invoice.objects.filter(project__in=project_ids, kind=InvoiceKind.FINAL)
    finished = set(final.values_list("project", flat=True))
    return [pk for pk in project_ids if pk not in finished]


def locked_terms(project_ids: Any) -> dict[int, Terms]:
    """The projects, locked, by primary key."""
    rows = Project.objects.filter(pk__in=project_ids).locked()
    return {row[0]: Terms(*row) for row in rows.values_list(*TERMS)}


def locked_tasks(which: Q) -> list[Task]:
    """The milestones, locked; their projects are the caller's."""
    rows = Milestone.objects.filter(which).locked().values_list(*TASK)
    return [_task(*row) for row in rows]


def _task(pk: int, uuid: Any, title: str, status: str, amount: Decimal, *rest: Any) -> Task:
    share, bonus, currency, project, approved_at = rest
    return Task(
        pk=pk,
        public_id=format_public_id(Milestone.PREFIX, uuid),
        title=title,
        is_billable=status in BILLABLE,
        price=minor_of(amount, currency) if share is None else share,
        bonus=bonus,
        currency=currency,
        project_id=project,
        approved_at=approved_at,
    )


def taken_of(tasks: Iterable[Task]) -> set[int]:
    """Those of the milestones that have an invoice of their own, or had one that was credited."""
    own = Invoice.objects.filter(
        milestone_id__any_of=frozenset(task.pk for task in tasks), kind__in=OWN_KINDS
    )
    return set(own.values_list("milestone", flat=True))


def task_work(task: Task, terms: Terms, kind: InvoiceKind) -> Work:
    """An invoice about one milestone."""
    return Work(kind, task.pk, task.public_id, _lines([task], terms), task.currency, terms)


def final_work(tasks: Sequence[Task], terms: Terms) -> Work:
    """The invoice about all that is left of a project: its milestones without one of their own."""
    about = format_public_id(
        Project.PREFIX, Project.objects.values_list("uuid").get(pk=terms.pk)[0]
    )
    return Work(InvoiceKind.FINAL, None, about, _lines(tasks, terms), tasks[0].currency, terms)


def upfront_works(project_ids: Sequence[int]) -> list[Work]:
    """The upfront invoices that these projects await and do not have; the projects are locked."""
    waiting = Project.objects.filter(pk__in=project_ids, status=ProjectStatus.AWAITING_UPFRONT)
    projects = list(waiting.locked())
    issued = Invoice.objects.filter(project__in=projects, kind=InvoiceKind.UPFRONT)
    taken = set(issued.values_list("project", flat=True))
    return [_upfront_work(project) for project in projects if project.pk not in taken]


def work_anew(invoice: Invoice) -> Work:
    """The lines of an invoice that was credited, for the one that stands for it."""
    terms = locked_terms([invoice.project_id])[invoice.project_id]
    currency = invoice.total.currency.code
    lines = tuple(
        DraftLine(
            line.description,
            to_minor(line.amount),
            quantize(line.unit_price).amount,
            quantity=line.quantity,
            unit=line.unit,
        )
        for line in invoice.lines.order_by("position")
    )
    about = (invoice.milestone or invoice.project).public_id
    return Work(InvoiceKind(invoice.kind), invoice.milestone_id, about, lines, currency, terms)


def _upfront_work(project: Project) -> Work:
    currency = project.budget.currency.code
    if project.upfront is None or project.upfront_rate is None:
        raise ValueError(f"project {project.pk} has no upfront part")
    text = f"{project.title}: {percent_for_people(project.upfront_rate)} upfront"
    line = _line(text, to_minor(project.upfront), currency)
    return Work(InvoiceKind.UPFRONT, None, project.public_id, (line,), currency, Terms.of(project))


def _lines(tasks: Sequence[Task], terms: Terms) -> tuple[DraftLine, ...]:
    """A line for each price, and one for each bonus."""
    lines: list[DraftLine] = []
    for task in tasks:
        lines.append(_line(f"{terms.title}: {task.title}", task.price, task.currency))
        if task.bonus:
            text = f"{terms.title}: bonus for {task.title}"
            lines.append(_line(text, task.bonus, task.currency))
    return tuple(lines)


def _line(text: str, amount: int, currency: str) -> DraftLine:
    return DraftLine(text[:LONGEST], amount, decimal_of(amount, currency))
