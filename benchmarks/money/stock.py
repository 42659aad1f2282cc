"""Approved milestones whose money is held, waiting to be invoiced and settled.

One project is made by the services; its copies are other people's, so that a batch of 1,000
milestones is about as many projects, sellers and number series. The ledger is written by its own
functions alone.
"""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.utils import timezone
from djmoney.money import Money

from accounts.enums import Role
from accounts.models import AuditEvent, User
from benchmarks.books import copy_rows, run
from gigs.enums import Category, PaymentMode
from gigs.models import Application, Gig, PlannedMilestone, Project
from gigs.services import (
    GigDraft,
    PlannedTask,
    application_submit,
    gig_match,
    gig_post,
    milestone_approve,
    milestone_submit,
)
from invoicing.enums import SeriesFamily
from invoicing.models import InvoiceSeries, Issuer
from invoicing.numbering import prefix_of
from outbox.models import Job
from wallets.models import MilestoneFunding, Payment
from wallets.services import MethodChoice, funding_begin, payment_ask, payment_conclude

TASKS = 4
TAKEN = TASKS - 1
"""Of each project, so that none is completed: raw does not write that."""
APART = 2_000
"""Projects at least, so that batches at the same time are about different ones."""
PRICE = Decimal("100.00")
MINOR = 10_000
FIRST = 1_000_000
OPEN_ACCOUNTS = """
SELECT count(*) FROM wallets_open_accounts(
  array(SELECT owner FROM (SELECT {owner} AS owner FROM generate_series({low}, {high}) n) o),
  array_fill('{kind}'::text, array[{high} - {low} + 1]),
  array_fill('USD'::text, array[{high} - {low} + 1]))
"""
FUND = """
SELECT count(*) FROM (
  SELECT p.id, 'fund:pay_' || replace(p.uuid::text, '-', '') AS key, p.amount_minor,
    array_agg(a.id ORDER BY a.id) AS held
  FROM wallets_payment p
  JOIN wallets_milestonefunding f ON f.payment_id = p.id
  JOIN wallets_account a
    ON a.owner = 'milestone:' || f.milestone_id AND a.kind = 'held' AND a.currency = 'USD'
  WHERE p.id BETWEEN {low} AND {high}
  GROUP BY p.id
) s
CROSS JOIN LATERAL wallets_post(
  'funding', s.key, 'payment', s.id,
  (SELECT id FROM wallets_account WHERE kind = 'outside' AND owner = 'provider:sandbox' AND currency = 'USD') || s.held,
  -s.amount_minor || array_fill({minor}::bigint, array[cardinality(s.held)]),
  array_fill(0::bigint, array[cardinality(s.held) + 1]), null)
"""


class Stock:
    """Hands out approved milestones, each of them once."""

    def __init__(self) -> None:
        self._next = FIRST
        self._project = _project()

    def take(self, count: int) -> list[int]:
        """The ids of so many approved milestones that nobody has invoiced yet, in their order."""
        wanted = max(-(-count // TAKEN), min(count, APART))
        base, self._next = self._next, self._next + wanted * TASKS + 1
        _copies(self._project, base, wanted)
        return list(range(base + 1, base + count + 1))


def _project() -> Project:
    at = timezone.now() - timedelta(hours=1)
    buyer, seller = (_person(role) for role in (Role.COMMISSIONER, Role.FREELANCER))
    tasks = tuple(PlannedTask(title=f"Part {n}", amount=Money(PRICE, "USD")) for n in range(TASKS))
    draft = GigDraft(
        title="Bench",
        description="A gig of the benchmark.",
        category=Category.OTHER,
        budget=Money(PRICE * TASKS, "USD"),
        milestones=tasks,
        payment_mode=PaymentMode.HELD,
    )
    gig, _ = gig_post(draft=draft, by=buyer, at=at)
    application = application_submit(gig_id=gig.pk, pitch="Yes.", links=[], by=seller, at=at)
    project = gig_match(gig_id=gig.pk, application_id=application.pk, by=buyer, at=at)
    Project.objects.filter(pk=project.pk).update(clearing_days=0)
    method = MethodChoice(provider="sandbox", token="test_ok")
    payment = funding_begin(project_id=project.pk, method=method, by=buyer, at=at)
    payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=at)
    for milestone in project.milestones.order_by("position"):
        milestone_submit(milestone_id=milestone.pk, message="Done.", links=[], by=seller, at=at)
        milestone_approve(milestone_id=milestone.pk, by=buyer, at=at)
    Job.objects.all().delete()
    issuer = Issuer.objects.create(user=seller, code="BENC")
    year, family = timezone.now().year, SeriesFamily.INVOICE
    InvoiceSeries.objects.create(
        issuer=issuer,
        year=year,
        family=family,
        prefix=prefix_of(issuer.code, family=family, year=year),
        digits=settings.INVOICE_NUMBER_DIGITS,
    )
    project.refresh_from_db()
    return project


def _email(role: Role) -> str:
    return f"{role}@bench.example"


def _person(role: Role) -> User:
    return User.objects.create(
        email=_email(role),
        name="Bench",
        legal_name=f"Bench {role}",
        roles=[role],
        password="!",
    )


def _copies(project: Project, base: int, projects: int) -> None:
    each = f"generate_series(1, {projects}) n"
    same = {"id": f"{base} + n"}
    for role, row in (("b", project.commissioner), ("s", project.freelancer)):
        shift = 0 if role == "s" else projects
        email = f"'{role}' || {base} + n || '@bench.example'"
        copy_rows(row, each, {"id": f"{base + shift} + n", "email": email})
    people = {"freelancer_id": f"{base} + n", "commissioner_id": f"{base + projects} + n"}
    code = f"'B' || upper(lpad(to_hex({base} + n), 7, '0'))"
    issuer = Issuer.objects.get(user=project.freelancer)
    copy_rows(issuer, each, {**same, "user_id": f"{base} + n", "code": code})
    series = InvoiceSeries.objects.get(issuer=issuer)
    prefix = f"replace('{series.prefix}', '{issuer.code}', {code})"
    copy_rows(series, each, {**same, "issuer_id": f"{base} + n", "prefix": prefix})
    gig = Gig.objects.get(pk=project.gig_id)
    copy_rows(gig, each, {**same, "commissioner_id": people["commissioner_id"]})
    for plan in PlannedMilestone.objects.filter(gig=gig).order_by("position"):
        copy_rows(plan, each, {"gig_id": f"{base} + n"})
    application = Application.objects.get(gig=gig)
    bid = {"gig_id": f"{base} + n", "freelancer_id": f"{base} + n"}
    copy_rows(application, each, {**same, **bid})
    links = {"gig_id": f"{base} + n", "application_id": f"{base} + n"}
    copy_rows(project, each, {**same, **people, **links})
    payment = Payment.objects.get(project=project)
    payer = {"project_id": f"{base} + n", "payer_id": people["commissioner_id"]}
    copy_rows(payment, each, {**same, **payer})
    audited = AuditEvent.objects.filter(
        journal_key__isnull=False, target=payment.public_id
    ).earliest("pk")
    paid = f"(SELECT uuid FROM wallets_payment WHERE id > {base} AND id <= {base + projects}) n"
    name = "'pay_' || replace(n.uuid::text, '-', '')"
    copy_rows(audited, paid, {"journal_key": f"'fund:' || {name}", "target": name})
    run(
        "INSERT INTO wallets_sandboxcharge (key, token, amount_minor, currency, result,"
        " failure_code, created_at) SELECT 'pay_' || replace(uuid::text, '-', ''), token,"
        " amount_minor, currency, 'succeeded', '', created_at FROM wallets_payment"
        f" WHERE id > {base} AND id <= {base + projects}"
    )
    for place, milestone in enumerate(project.milestones.order_by("position")):
        first = base + place * projects
        where = {"id": f"{first} + n", "project_id": f"{base} + n"}
        copy_rows(milestone, each, {**where, "approved_by_id": people["commissioner_id"]})
        funding = MilestoneFunding.objects.get(milestone=milestone)
        about = {"payment_id": f"{base} + n", "milestone_id": f"{first} + n"}
        copy_rows(funding, each, {"id": f"{first} + n", **about})
    _post(base, projects)


def _post(base: int, projects: int) -> None:
    low, high = base + 1, base + projects
    run("SELECT wallets_open_accounts(array['platform'], array['fees'], array['USD'])")
    for owner, kind, last in (
        ("'user:' || n", "available", high),
        (f"'user:' || n + {projects}", "credit", high),
        ("'milestone:' || n", "held", base + projects * TASKS),
    ):
        run(OPEN_ACCOUNTS.format(owner=owner, kind=kind, low=low, high=last))
    run(FUND.format(low=low, high=high, minor=MINOR))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
