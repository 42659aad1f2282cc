"""Books of any size for `benchmarks.verify`: one paid project made by the services, then its copies.

The business rows are copied set by set, whatever columns they have; every entry of the ledger is
written by the posting functions, in batches of 1,000 settlements.
"""

import time
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from django.db import connection, models
from django.utils import timezone
from djmoney.money import Money

from accounts.enums import Role
from accounts.models import AuditEvent, User
from gigs.enums import Category
from gigs.models import Application, Gig, Milestone, PlannedMilestone, Project
from gigs.services import (
    GigDraft,
    PlannedTask,
    application_submit,
    gig_match,
    gig_post,
    milestone_approve,
    milestone_submit,
)
from invoicing.models import Invoice, InvoiceLine, InvoiceSeries, Issuer
from invoicing.services import invoices_issue
from wallets.models import Entry, Payment
from wallets.services import MethodChoice, payment_ask, payment_begin, payment_conclude

LEGS = 3
BATCH = 1000
MILESTONES = 34
PRICE = Decimal("100.00")
BASE = 1_000_000
"""Where the ids of the copies begin."""
COPY = f"{BASE} + n"
SAME = {"id": COPY}
OPEN_ACCOUNTS = """
SELECT count(*) FROM wallets_open_accounts(
  array(SELECT 'user:' || %(base)s::bigint + n FROM generate_series(1, %(sellers)s) n),
  array_fill('available'::text, array[%(sellers)s]), array_fill('USD'::text, array[%(sellers)s]))
"""
SETTLE = """
SELECT count(*) FROM (
  SELECT array_agg('settle:inv_' || replace(i.uuid::text, '-', '') ORDER BY i.id) AS keys,
    array_agg(i.id ORDER BY i.id) AS ids, array_agg(a.id ORDER BY i.id) AS accounts
  FROM invoicing_invoice i
  JOIN wallets_account a ON a.owner = 'user:' || i.seller_id AND a.kind = 'available'
  WHERE i.id > %(base)s + %(done)s AND i.id <= %(base)s + %(done)s + %(size)s
) s
CROSS JOIN LATERAL wallets_settle_batch(
  s.keys, 'invoice', s.ids,
  array_fill((SELECT id FROM wallets_account WHERE kind = 'outside'), array[cardinality(s.ids)]),
  s.accounts,
  array_fill((SELECT id FROM wallets_account WHERE kind = 'fees'), array[cardinality(s.ids)]),
  array_fill(10000::bigint, array[cardinality(s.ids)]),
  array_fill(9500::bigint, array[cardinality(s.ids)]),
  array_fill(500::bigint, array[cardinality(s.ids)]),
  array_fill(9500::bigint, array[cardinality(s.ids)]))
"""


def fill(entries: int, *, seconds: list[float] | None = None) -> int:
    """Books with about so many entries, in order; their number, 0 when there are books already.

    `seconds` gets what each batch of settlements took.
    """
    if Entry.objects.exists():
        return 0
    sellers = max(1, entries // (LEGS * MILESTONES))
    paid = _paid_project("@bench.example")
    _copy_work(paid, sellers)
    settle(sellers * MILESTONES, seconds=seconds)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT count(*) FROM wallets_entry")
        count: int = cursor.fetchone()[0]
    return count


def settle_more(invoices: int) -> None:
    """Settle so many more, of one more seller each with one milestone, as the services would."""
    for number in range(invoices):
        _paid_project(f"{number}-{timezone.now():%H%M%S%f}@bench.example")


def settle(invoices: int, *, done: int = 0, seconds: list[float] | None = None) -> None:
    """Post the settlements of the copied invoices after the first `done`."""
    with connection.cursor() as cursor:
        while done < invoices:
            size = min(BATCH, invoices - done)
            began = time.perf_counter()
            cursor.execute(SETTLE, {"base": BASE, "done": done, "size": size})
            if seconds is not None and size == BATCH:
                seconds.append(time.perf_counter() - began)
            done += size


def _paid_project(who: str) -> Payment:
    at = timezone.now() - timedelta(hours=1)
    buyer = _person(f"buyer-{who}", Role.COMMISSIONER)
    seller = _person(f"seller-{who}", Role.FREELANCER)
    gig, _ = gig_post(draft=_draft(), by=buyer, at=at)
    application = application_submit(gig_id=gig.pk, pitch="Yes.", links=[], by=seller, at=at)
    gig_match(gig_id=gig.pk, application_id=application.pk, by=buyer, at=at)
    milestone = Milestone.objects.get(project__gig=gig)
    milestone_submit(milestone_id=milestone.pk, message="Done.", links=[], by=seller, at=at)
    milestone_approve(milestone_id=milestone.pk, by=buyer, at=at)
    invoices_issue(milestone_ids=[milestone.pk], at=at)
    invoice = Invoice.objects.get(milestone=milestone)
    choice = MethodChoice(provider="sandbox", token="test_ok")
    payment = payment_begin(invoice_id=invoice.pk, method=choice, by=buyer, at=at)
    return payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=at)


def _person(email: str, role: Role) -> User:
    return User.objects.create(
        email=email, name="Bench", legal_name=email, roles=[role], password="!"
    )


def _draft() -> GigDraft:
    return GigDraft(
        title="Bench",
        description="Bench",
        category=Category.OTHER,
        budget=Money(PRICE, "USD"),
        milestones=(PlannedTask(title="All of it"),),
    )


def _copy_work(paid: Payment, sellers: int) -> None:
    """A project of 34 paid milestones for each of the sellers; copy m of seller n has id 34 n + m."""
    one_each = f"generate_series(1, {sellers}) n"
    many = f"generate_series(1, {sellers * MILESTONES}) n"
    # Invoices are numbered across the sellers first, so that the chains grow side by side.
    owner = f"({BASE} + 1 + (n - 1) % {sellers})"
    place = f"(1 + (n - 1) / {sellers})"
    _copy_sellers(paid.invoice, one_each)
    _copy_projects(one_each)
    copy_rows(PlannedMilestone.objects.get(), many, {**SAME, "gig_id": owner, "position": place})
    copy_rows(Milestone.objects.get(), many, {**SAME, "project_id": owner, "position": place})
    _copy_invoices(paid.invoice, many, owner=owner, place=place)
    _copy_payments(paid, many)
    with connection.cursor() as cursor:
        cursor.execute(OPEN_ACCOUNTS, {"base": BASE, "sellers": sellers})


def _copy_sellers(invoice: Invoice, each: str) -> None:
    series = {
        "issuer_id": COPY,
        "prefix": _prefix("n", invoice),
        "last_number": str(MILESTONES),
    }
    copy_rows(invoice.seller, each, {**SAME, "email": "'s' || n || '@bench.example'"})
    copy_rows(Issuer.objects.get(), each, {**SAME, "user_id": COPY, "code": _code("n")})
    copy_rows(InvoiceSeries.objects.get(), each, {**SAME, **series})


def _copy_projects(each: str) -> None:
    total = int(PRICE) * MILESTONES
    minor = total * 100
    budget = {"budget": str(total)}
    links = {"gig_id": COPY, "application_id": COPY, "freelancer_id": COPY}
    sums = {
        "agreed_minor": str(minor),
        "invoiced_minor": str(minor),
        "fees_minor": str(minor // 20),
    }
    copy_rows(Gig.objects.get(), each, {**SAME, **budget})
    copy_rows(Application.objects.get(), each, {**SAME, "gig_id": COPY, "freelancer_id": COPY})
    copy_rows(Project.objects.get(), each, {**SAME, **budget, **links, **sums})


def _copy_invoices(invoice: Invoice, each: str, *, owner: str, place: str) -> None:
    prefix = _prefix(f"{owner} - {BASE}", invoice)
    changes = {
        "series_id": owner,
        "position": place,
        "number": f"{prefix} || lpad({place}::text, 5, '0')",
        "project_id": owner,
        "milestone_id": COPY,
        "seller_id": owner,
    }
    copy_rows(invoice, each, {**SAME, **changes})
    copy_rows(InvoiceLine.objects.get(), each, {"invoice_id": COPY})


def _copy_payments(paid: Payment, each: str) -> None:
    copy_rows(paid, each, {**SAME, "invoice_id": COPY})
    run(
        "INSERT INTO wallets_sandboxcharge (key, token, amount_minor, currency, result,"
        " failure_code, created_at) SELECT 'pay_' || replace(uuid::text, '-', ''), token,"
        " amount_minor, currency, 'succeeded', '', created_at FROM wallets_payment"
        f" WHERE id > {BASE}"
    )
    copy_rows(
        AuditEvent.objects.get(journal_key__isnull=False),
        f"(SELECT id - {BASE} AS n, uuid AS invoice FROM invoicing_invoice WHERE id > {BASE}) n",
        {"journal_key": "'settle:inv_' || replace(n.invoice::text, '-', '')"},
    )


def _code(seller: str) -> str:
    """The issuer's code of that copy of the seller, as an expression."""
    return f"'B' || upper(lpad(to_hex({seller}), 7, '0'))"


def _prefix(seller: str, invoice: Invoice) -> str:
    """How the numbers of that seller begin, in the year of the invoice."""
    return f"{_code(seller)} || '-{invoice.issued_on.year}-'"


def copy_rows(row: models.Model, source: str, changes: Mapping[str, str]) -> None:
    """Insert the row once for each `n` of the source, with these expressions in place of its own."""
    meta = row._meta
    columns = {field.column: f't."{field.column}"' for field in meta.concrete_fields}
    if "uuid" in columns:
        columns["uuid"] = "gen_random_uuid()"
    columns |= changes
    if "id" not in changes:
        columns.pop("id")
    names = ", ".join(f'"{name}"' for name in columns)
    run(
        f"INSERT INTO {meta.db_table} ({names}) SELECT {', '.join(columns.values())}"
        f" FROM {source} CROSS JOIN {meta.db_table} t WHERE t.id = {row.pk}"
    )


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
