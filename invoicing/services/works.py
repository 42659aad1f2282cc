"""What is to be invoiced: read under the locks of its projects and milestones, in plain rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from common.arrays import bigints
from common.database import fetch_rows
from common.formats import percent_for_people
from common.money import amount_text, decimal_text, minor_of, to_minor
from common.public_ids import format_public_id
from gigs.enums import InvoicingMethod, MilestoneStatus, ProjectStatus
from gigs.models import Project
from invoicing.enums import InvoiceKind, SeriesFamily
from invoicing.models import LUMP_SUM, Invoice
from invoicing.numbering import Counter

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
    "clearing_days",
)
WORKS: Final = "SELECT * FROM invoicing_works(%s::bigint[], %s, %s)"
WIDTH: Final = 27


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
    clearing_days: int

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


class DraftLine(NamedTuple):
    """One line to write; amounts in minor units, the unit price as it is printed."""

    description: str
    amount: int
    unit_price: str
    quantity: Decimal = Decimal(1)
    unit: str = LUMP_SUM


@dataclass(frozen=True, slots=True)
class Work:
    """What one invoice is about, and the terms of its project; gross in minor units.

    `about` is the public id of the milestone, or of the project where it is about no single one.
    `subject` is the milestone's title. The invoice gets `uuid` if there is one.
    """

    kind: InvoiceKind
    milestone_id: int | None
    about: str
    lines: tuple[DraftLine, ...]
    currency: str
    project: Terms
    subject: str = ""
    uuid: UUID | None = None

    @property
    def gross(self) -> int:
        return sum(line.amount for line in self.lines)


class Task(NamedTuple):
    """A locked milestone: the price, or what the upfront part left of it, and the bonus.

    `is_taken` when it has an invoice of its own, or had one that was credited.
    """

    pk: int
    public_id: str
    title: str
    is_billable: bool
    price: int
    bonus: int
    currency: str
    project_id: int
    is_taken: bool


@dataclass(slots=True)
class Batch:
    """What is to be invoiced, and what was read under the locks with it.

    Copies of the parties in JSON by their keys, what the tax law asks of each as one text, and the
    counters of the sellers that have one. `beside` is what the statement of an upper app says of
    milestones in a column of its own.
    """

    terms: dict[int, Terms] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    counters: dict[int, Counter] = field(default_factory=dict)
    works: list[Work] = field(default_factory=list)
    beside: dict[int, Any] = field(default_factory=dict)

    def read(
        self, milestone_ids: Sequence[int], *, year: int, statement: str = WORKS
    ) -> list[Task]:
        """Lock and read these milestones, all of a project by the completion method; by approval."""
        found = fetch_rows(statement, [bigints(milestone_ids), SeriesFamily.INVOICE.value, year])
        return [self._task(row) for row in found]

    def _task(self, row: tuple[Any, ...]) -> Task:
        project_id = row[0]
        if project_id not in self.terms:
            terms = self.terms[project_id] = Terms(*row[:10])
            self.copies[terms.seller_key], self.facts[terms.seller_key] = row[23:25]
            self.copies[terms.buyer_key], self.facts[terms.buyer_key] = row[25:27]
            if row[19] is not None:
                self.counters[terms.freelancer_id] = Counter(*row[19:23])
        pk, public_id, title, status, amount, share, bonus, currency, is_taken = row[10:19]
        if len(row) > WIDTH:
            self.beside[pk] = row[WIDTH]
        price = minor_of(amount, currency) if share is None else share
        is_billable = status in BILLABLE
        return Task(pk, public_id, title, is_billable, price, bonus, currency, project_id, is_taken)


def works_of(milestone_ids: Sequence[int], *, year: int, statement: str = WORKS) -> Batch:
    """What approvals of these milestones lead to, in order of approval.

    Each that has no invoice yet; by the completion method the final invoice of a project of which
    all milestones are approved. Projects, milestones and the sellers' series of that year are
    locked, in primary-key order. A `statement` of an upper app reads one column beside these.
    """
    batch = Batch()
    of_whole: dict[int, list[tuple[int, Task]]] = {}
    found: list[tuple[int, Work]] = []
    for place, task in enumerate(batch.read(milestone_ids, year=year, statement=statement)):
        terms = batch.terms[task.project_id]
        if terms.is_by_completion:
            of_whole.setdefault(terms.pk, []).append((place, task))
        elif task.is_billable and not task.is_taken:
            found.append((place, task_work(task, terms, InvoiceKind.MILESTONE)))
    for pk in unfinished(list(of_whole)):
        places = of_whole[pk]
        if all(task.is_billable for _, task in places):
            left = [task for _, task in sorted(places, key=lambda pair: pair[1].pk)]
            work = final_work([task for task in left if not task.is_taken], batch.terms[pk])
            found.append((places[-1][0], work))
    batch.works = [work for _, work in sorted(found, key=lambda pair: pair[0])]
    return batch


def works_by_hand(milestone_id: int, *, year: int) -> Batch:
    """The invoice that can be made about one approved milestone by the completion method.

    While others are not approved it is about that one; then it is the final one. None where it is
    on an invoice already. The project, then all its milestones are locked.
    """
    batch = Batch()
    tasks = sorted(batch.read([milestone_id], year=year), key=lambda task: task.pk)
    left = {task.pk: task for task in tasks if not task.is_taken}
    if milestone_id not in left or not unfinished([left[milestone_id].project_id]):
        return batch
    terms = batch.terms[left[milestone_id].project_id]
    if all(task.is_billable for task in tasks):
        batch.works = [final_work(list(left.values()), terms)]
    else:
        batch.works = [task_work(left[milestone_id], terms, InvoiceKind.MANUAL)]
    return batch


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


def task_work(task: Task, terms: Terms, kind: InvoiceKind) -> Work:
    """An invoice about one milestone."""
    lines = _lines([task], terms)
    return Work(kind, task.pk, task.public_id, lines, task.currency, terms, subject=task.title)


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
            amount_text(line.unit_price),
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
    return DraftLine(text[:LONGEST], amount, decimal_text(amount, currency))
