"""The yardstick: the settlement that one would write with the ORM, the same rows on raw.sql's tables.

It has no constraint, trigger or foreign key to pay for, and trusts its caller with everything.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from djmoney.money import Money

from accounts.models import AuditEvent
from accounts.selectors import buyer_copy, seller_copy
from gigs.models import Milestone, Project
from invoicing.models import Invoice, InvoiceLine, InvoiceSeries
from outbox.models import Job
from wallets.models import Account, Balance, Entry, Journal, Payment

SHARDS = 64


def on_raw_tables() -> None:
    """Let this process's connection find raw.sql's tables first."""
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = raw, public")


def bill(milestone_ids: Sequence[int]) -> None:
    """Issue and settle one milestone."""
    if not getattr(connection, "is_on_raw", False):
        on_raw_tables()
        connection.is_on_raw = True  # type: ignore[attr-defined]
    for milestone_id in milestone_ids:
        settle(milestone_id)


@transaction.atomic
def settle(milestone_id: int) -> None:
    at = timezone.now()
    found = Milestone.objects.get(pk=milestone_id)
    project = Project.objects.select_for_update(of=("self",), no_key=True).get(pk=found.project_id)
    milestone = Milestone.objects.select_for_update(no_key=True).get(pk=milestone_id)
    if milestone.status != "approved":
        raise RuntimeError("not approved")
    series = InvoiceSeries.objects.select_for_update(of=("self",), no_key=True).select_related(
        "issuer"
    )
    numbered = series.get(issuer__user=project.freelancer_id, year=at.year)
    gross = int(milestone.amount.amount * 100)
    fee = round(project.fee_rate * (project.invoiced_minor + gross)) - project.fees_minor
    project.invoiced_minor += gross
    project.fees_minor += fee
    project.save(update_fields=["invoiced_minor", "fees_minor"])
    numbered.last_number += 1
    numbered.save(update_fields=["last_number"])
    invoice = _invoice(milestone, project, numbered, fee, at)
    payment = _payment(invoice, gross, at)
    journal = Journal.objects.create(
        about_type="invoice",
        about_id=invoice.pk,
        kind="settlement",
        posted_at=at,
        key=f"settle:{invoice.public_id}",
    )
    _post(journal, milestone, project, gross, fee)
    milestone.status, milestone.settled_at = "settled", at
    milestone.save(update_fields=["status", "settled_at"])
    invoice.status, invoice.paid_at = "paid", at
    invoice.save(update_fields=["status", "paid_at"])
    _audit(invoice, payment, milestone, journal, at)
    _enqueue(invoice, at)


def _invoice(
    milestone: Milestone, project: Project, series: InvoiceSeries, fee: int, at: datetime
) -> Invoice:
    money, charge = milestone.amount, Money(Decimal(fee) / 100, "USD")
    invoice = Invoice.objects.create(
        uuid=uuid4(),
        series=series,
        position=series.last_number,
        number=f"{series.issuer.code}-{at.year}-{series.last_number:05d}",
        kind="milestone",
        status="sent",
        project=project,
        milestone=milestone,
        seller=project.freelancer,
        buyer=project.commissioner,
        seller_copy=seller_copy(project.freelancer),
        buyer_copy=buyer_copy(project.commissioner),
        subtotal=money,
        tax=money * 0,
        total=money,
        fee=charge,
        net=money - charge,
        fee_rate=project.fee_rate,
        issued_at=at,
        issued_on=at.date(),
        due_on=at.date() + timedelta(days=7),
    )
    InvoiceLine.objects.create(
        invoice=invoice,
        position=1,
        description=f"{project.title}: {milestone.title}",
        quantity=1,
        unit="LS",
        unit_price=money,
        amount=money,
        tax_category="",
    )
    return invoice


def _payment(invoice: Invoice, gross: int, at: datetime) -> Payment:
    return Payment.objects.create(
        purpose="invoice",
        invoice=invoice,
        payer=invoice.buyer,
        provider="held",
        label="Held funds",
        amount_minor=gross,
        received_minor=gross,
        currency="USD",
        status="succeeded",
        outcome="exact",
        is_automatic=True,
        created_at=at,
        ended_at=at,
    )


def _post(journal: Journal, milestone: Milestone, project: Project, gross: int, fee: int) -> None:
    owners = [
        (f"milestone:{milestone.pk}", "held", -gross, 0),
        (f"user:{project.freelancer_id}", "available", gross - fee, gross - fee),
        ("platform", "fees", fee, 0),
    ]
    entries = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 + pg_backend_pid() %% %s", [SHARDS])
        hot = cursor.fetchone()[0]
    for leg, (owner, kind, amount, lifetime) in enumerate(owners, 1):
        account = Account.objects.get(owner=owner, kind=kind, currency="USD")
        shard = hot if account.shards > 1 else 0
        rows = Balance.objects.filter(account_id=account.pk, shard=shard)
        balance = rows.select_for_update(no_key=True).get()
        after = balance.posted + amount
        link = f"{journal.pk}|{account.pk}|{balance.seq + 1}|{amount}|{after}|{journal.key}"
        head = hashlib.sha256(bytes(balance.head) + link.encode()).digest()
        rows.update(
            posted=F("posted") + amount,
            seq=F("seq") + 1,
            head=head,
            lifetime=F("lifetime") + lifetime,
        )
        entries.append(
            Entry(
                journal_id=journal.pk,
                leg=leg,
                account_id=account.pk,
                shard=shard,
                seq=balance.seq + 1,
                amount=amount,
                currency="USD",
                balance_after=after,
                hash=head,
            )
        )
    Entry.objects.bulk_create(entries)


def _audit(
    invoice: Invoice, payment: Payment, milestone: Milestone, journal: Journal, at: datetime
) -> None:
    rows = (
        ("invoice.issued", invoice, {"number": invoice.number, "total": str(invoice.total)}, None),
        ("invoice.paid", invoice, {"status": "paid"}, None),
        ("milestone.settled", milestone, {"status": "settled"}, None),
        ("payment.settled", payment, {"status": "succeeded"}, journal.key),
    )
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=at,
            event=event,
            actor="",
            actor_name="system",
            target=target.public_id,
            target_label=str(target)[:200],
            before={},
            after=after,
            journal_key=key,
            request_id="",
        )
        for event, target, after, key in rows
    )


def _enqueue(invoice: Invoice, at: datetime) -> None:
    words = {"number": invoice.number, "total": str(invoice.total), "path": invoice.public_id}
    rows = (
        ("invoice.document", invoice.public_id, {"invoice": invoice.pk}),
        ("mail.send", f"paid:{invoice.public_id}", {"to": invoice.seller.email, **words}),
    )
    Job.objects.bulk_create(
        Job(topic=topic, key=key, payload=payload, created_at=at, due_at=at)
        for topic, key, payload in rows
    )
