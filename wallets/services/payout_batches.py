"""Approved withdrawals as a payment file for the operator's bank."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.policies import require
from common.encryption import seal, unseal
from wallets import policies
from wallets.enums import Rail
from wallets.exceptions import BatchMixed, PayerMissing
from wallets.models import PayoutBatch, Withdrawal
from wallets.providers.bank_file import FileBatch, FilePayment, pain_001
from wallets.services.payout_methods import destination_of
from wallets.services.withdrawals import refuse_frozen, send


@transaction.atomic
def payout_batch_export(*, withdrawal_ids: Sequence[int], by: User, at: datetime) -> PayoutBatch:
    """Put approved withdrawals of one currency into a file; from now on they are being sent.

    All or none: a withdrawal stands in one file at most. BatchMixed, PayerMissing,
    PermissionRefused, WithdrawalTransitionRefused.
    """
    if not (settings.PAYOUT_ACCOUNT_HOLDER and settings.PAYOUT_ACCOUNT_IBAN):
        raise PayerMissing
    rows = Withdrawal.objects.filter(pk__in=withdrawal_ids)
    withdrawals = list(rows.select_related("user", "method").locked())
    for withdrawal in withdrawals:
        require(
            policies.may_review_withdrawal(by, withdrawal),
            "Only staff export withdrawals, and never their own.",
        )
    currencies = {withdrawal.currency for withdrawal in withdrawals}
    rails = {withdrawal.rail for withdrawal in withdrawals}
    if len(currencies) != 1 or rails != {Rail.BANK_FILE}:
        raise BatchMixed
    batch = PayoutBatch(currency=currencies.pop(), created_by=by, created_at=at)
    file = _file(batch, withdrawals)
    batch.count, batch.total_minor = len(file.payments), file.total_minor
    batch.sealed = seal(pain_001(file))
    batch.save()
    for withdrawal in withdrawals:
        refuse_frozen(withdrawal)
        withdrawal.batch = batch
        withdrawal.save(update_fields=["batch"])
    send(withdrawals, by=by, at=at)
    after: audit.Values = {"count": batch.count, "total_minor": batch.total_minor}
    audit.record(
        audit.Record(event="payout_batch.exported", target=batch, after=after), by=by, at=at
    )
    return batch


@transaction.atomic
def payout_batch_open(*, batch_id: int, by: User, at: datetime) -> str:
    """The file again, as it was made; who asked for it is kept. PermissionRefused."""
    batch = PayoutBatch.objects.get(pk=batch_id)
    require(policies.may_open_batch(by), "Only staff read payment files.")
    audit.record(audit.Record(event="payout_batch.opened", target=batch), by=by, at=at)
    return unseal(batch.sealed)


def _file(batch: PayoutBatch, withdrawals: Sequence[Withdrawal]) -> FileBatch:
    return FileBatch(
        message_id=batch.uuid.hex,
        payer=settings.PAYOUT_ACCOUNT_HOLDER,
        payer_iban=settings.PAYOUT_ACCOUNT_IBAN,
        currency=batch.currency,
        at=batch.created_at,
        payments=[
            FilePayment(
                key=withdrawal.public_id,
                amount_minor=withdrawal.net_minor,
                **asdict(destination_of(withdrawal.method)),
            )
            for withdrawal in withdrawals
        ],
    )
