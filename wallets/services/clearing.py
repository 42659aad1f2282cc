"""The clearing period: what is earned waits as pending until it can be spent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accounts import audit
from outbox.services import enqueue_many
from wallets import ledger
from wallets.enums import AccountKind, JournalKind
from wallets.exceptions import InsufficientFunds
from wallets.ledger import AccountSpec, JournalDraft, Leg
from wallets.models import Clearing
from wallets.services.debts import Arrived, debts_pay

CLEARING: Final = "clearing.due"


class PendingMissing(RuntimeError):
    """Less is pending than clearings wait for: the books differ, and somebody has to look."""


def clearings_begin(clearings: Sequence[Clearing], *, keys: dict[int, str]) -> None:
    """Note down money that was just credited as pending, and the jobs that clear it.

    In the transaction of the settlement; `keys` are what the clearings of the invoices are known by.
    """
    Clearing.objects.bulk_create(clearings)
    for available_at in sorted({clearing.available_at for clearing in clearings}):
        enqueue_many(
            CLEARING,
            [
                (keys[clearing.invoice_id], {"invoice": clearing.invoice_id})
                for clearing in clearings
                if clearing.available_at == available_at
            ],
            due_at=available_at,
        )


def available_at(paid_at: datetime, *, days: int) -> datetime:
    """When money that was paid then can be spent."""
    return paid_at + timedelta(days=days)


@transaction.atomic
def clearings_finish(*, invoice_ids: Sequence[int], at: datetime) -> list[Clearing]:
    """Make available what was earned by these invoices and whose time has come; those.

    One journal each under the key clear:<invoice>, or clear:<part payment>: pending -net, available +net. Lifetime earnings
    were counted when it was credited. Rows that are cleared already, seen under their lock, stay.
    PendingMissing, which is no refusal: its job must not end by it.
    """
    clearings = list(
        Clearing.objects.waiting()
        .filter(invoice__in=invoice_ids, available_at__lte=at)
        .select_related("invoice", "part")
        .locked()
    )
    try:
        posted = ledger.post_many(_drafts(clearings))
    except InsufficientFunds as error:
        invoices = ", ".join(clearing.key for clearing in clearings)
        raise PendingMissing(f"too little is pending to clear {invoices}") from error
    Clearing.objects.filter(pk__in=[clearing.pk for clearing in clearings]).update(cleared_at=at)
    audit.record_many(
        [
            audit.Record(
                event="clearing.finished",
                target=clearing.invoice,
                after={"net": clearing.left_minor, "currency": clearing.currency},
                journal_key=journal.key,
            )
            for clearing, journal in zip(clearings, posted, strict=True)
        ],
        by=None,
        at=at,
    )
    debts_pay([_arrived(clearing) for clearing in clearings], at=at)
    return clearings


def _arrived(clearing: Clearing) -> Arrived:
    return Arrived(
        clearing.user_id,
        clearing.currency,
        key=f"clear:{clearing.key}",
        about_type="invoice",
        about_id=clearing.invoice_id,
        target=audit.Subject(clearing.invoice.public_id, str(clearing.invoice)),
    )


def _drafts(clearings: Sequence[Clearing]) -> list[JournalDraft]:
    specs = {clearing.pk: _accounts(clearing) for clearing in clearings}
    ids = ledger.open_accounts(sorted({spec for pair in specs.values() for spec in pair}))
    drafts = []
    for clearing in clearings:
        pending, available = (ids[spec] for spec in specs[clearing.pk])
        drafts.append(
            JournalDraft(
                kind=JournalKind.CLEARING,
                key=f"clear:{clearing.key}",
                about_type="invoice",
                about_id=clearing.invoice_id,
                legs=(
                    Leg(pending, -clearing.left_minor),
                    Leg(available, clearing.left_minor),
                ),
            )
        )
    return drafts


def _accounts(clearing: Clearing) -> tuple[AccountSpec, AccountSpec]:
    owner = f"user:{clearing.user_id}"
    return (
        AccountSpec(owner, AccountKind.PENDING, clearing.currency),
        AccountSpec(owner, AccountKind.AVAILABLE, clearing.currency),
    )
