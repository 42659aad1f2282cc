"""Approved withdrawals as a payment file, each in one file at most."""

from functools import partial
from xml.etree import ElementTree as ET

import pytest

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from outbox.models import Job
from tests.factories import AT, UserFactory
from tests.races.threads import TIMES, at_once, race_seen, tally
from tests.rules import assert_refused, checksums
from tests.wallets.withdrawing import IBAN, funded, request, resolve, wallet
from wallets import integrity
from wallets.enums import WithdrawalStatus
from wallets.exceptions import BatchMixed, PayerMissing, WithdrawalTransitionRefused
from wallets.models import PayoutBatch
from wallets.providers.bank_file import NAMESPACE
from wallets.services import (
    payout_batch_export,
    payout_batch_open,
    withdrawal_cancel,
)

pytestmark = pytest.mark.django_db

LIST = "/admin/wallets/withdrawal/"
BATCHES = "/admin/wallets/payoutbatch/"
PAYER = "FR1420041010050500013M02606"


@pytest.fixture(autouse=True)
def _bank_file(settings):
    settings.PAYOUT_RAIL = "bank_file"
    settings.PAYOUT_ACCOUNT_HOLDER = "Tränche Betriebs GmbH"
    settings.PAYOUT_ACCOUNT_IBAN = PAYER


@pytest.fixture
def owner(freelancer):
    return funded(freelancer)


def export(*withdrawals, by) -> PayoutBatch:
    keys = [withdrawal.pk for withdrawal in withdrawals]
    return payout_batch_export(withdrawal_ids=keys, by=by, at=AT)


def texts(xml: str, path: str) -> list[str]:
    steps = "/".join(f"{{{NAMESPACE}}}{tag}" for tag in path.split("/"))
    return [found.text for found in ET.fromstring(xml).iterfind(f".//{steps}")]


def test_a_file_pays_the_net_amounts_under_the_withdrawals_ids(owner, staff):
    first, second = request(owner), request(owner, amount="500.00", number="000123456789")

    batch = export(first, second, by=staff)
    xml = payout_batch_open(batch_id=batch.pk, by=staff, at=AT)

    assert (batch.count, batch.total_minor, batch.currency) == (2, 149_800, "USD")
    assert texts(xml, "PmtId/EndToEndId") == [f"wd-{first.uuid.hex}", f"wd-{second.uuid.hex}"]
    assert texts(xml, "PmtInf/BtchBookg") == ["false"]
    assert texts(xml, "Amt/InstdAmt") == ["999.00", "499.00"]
    assert texts(xml, "GrpHdr/CtrlSum") == ["1498.00"]
    assert texts(xml, "GrpHdr/NbOfTxs") == ["2"]
    assert texts(xml, "DbtrAcct/Id/IBAN") == [PAYER]
    assert texts(xml, "CdtrAcct/Id/IBAN") == [IBAN]
    assert texts(xml, "CdtrAcct/Id/Othr/Id") == ["000123456789"]
    assert texts(xml, "ClrSysMmbId/MmbId") == ["021000021"]
    assert texts(xml, "Dbtr/Nm") == ["Tranche Betriebs GmbH"]
    assert texts(xml, "ReqdExctnDt/Dt") == ["2026-11-23"]
    assert IBAN not in batch.sealed


def test_what_was_exported_is_on_its_way_and_resolved_from_the_statement(owner, staff):
    paid, back = request(owner), request(owner, amount="500.00")
    assert not Job.objects.filter(topic="withdrawal.send").exists()

    batch = export(paid, back, by=staff)
    for withdrawal, is_paid in ((paid, True), (back, False)):
        resolve(withdrawal, is_paid=is_paid, by=staff)

    assert [*batch.withdrawals.order_by("pk").values_list("status", flat=True)] == [
        WithdrawalStatus.PAID,
        WithdrawalStatus.RETURNED,
    ]
    assert wallet(owner) == (216_667, 0, 100_000)
    assert integrity.differences() == []


def test_exports_and_looks_are_audited(owner, staff):
    batch = export(request(owner), by=staff)
    payout_batch_open(batch_id=batch.pk, by=staff, at=AT)

    for event in ("payout_batch.exported", "payout_batch.opened"):
        assert AuditEvent.objects.get(event=event, target=batch.public_id).actor == staff.public_id


def test_a_withdrawal_stands_in_one_file_and_others_stay_out_with_it(owner, staff):
    first, second = request(owner), request(owner, amount="500.00")
    export(first, by=staff)
    before = checksums()

    with pytest.raises(WithdrawalTransitionRefused):
        export(first, second, by=staff)

    assert checksums() == before


def test_what_does_not_belong_together_is_refused(owner, staff, settings):
    own = request(owner)
    settings.PAYOUT_RAIL = "sandbox"
    sandbox = request(owner, amount="100.00")
    before = checksums()

    for chosen in ([own, sandbox], [sandbox], []):
        with pytest.raises(BatchMixed):
            export(*chosen, by=staff)
    settings.PAYOUT_ACCOUNT_IBAN = ""
    with pytest.raises(PayerMissing):
        export(own, by=staff)

    assert checksums() == before


@pytest.mark.parametrize("role", ["freelancer", "commissioner"])
def test_others_export_and_read_nothing(owner, staff, role, request):
    from tests.wallets import withdrawing  # noqa: PLC0415 - `request` is pytest's here

    waiting = withdrawing.request(owner)
    batch = export(withdrawing.request(owner, amount="100.00"), by=staff)
    user = request.getfixturevalue(role)

    with pytest.raises(PermissionRefused):
        export(waiting, by=user)
    with pytest.raises(PermissionRefused):
        payout_batch_open(batch_id=batch.pk, by=user, at=AT)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("wallets_payout_batch_not_empty", "count = 0"),
        ("wallets_payout_batch_is_sealed", "sealed = '<Document/>'"),
    ],
)
def test_the_database_refuses_the_change(owner, staff, rule, changes):
    assert_refused(rule, export(request(owner), by=staff), changes)


def test_staff_export_and_download_in_the_admin(client_for, owner, staff):
    client, withdrawal = client_for(staff), request(owner)

    client.post(LIST, {"action": "export_batch", "_selected_action": [withdrawal.pk]})
    batch = PayoutBatch.objects.get()
    answer = client.post(BATCHES, {"action": "open_file", "_selected_action": [batch.pk]})

    assert answer["Content-Disposition"] == f'attachment; filename="tranche-{batch.public_id}.xml"'
    assert f"wd-{withdrawal.uuid.hex}" in answer.content.decode()
    assert batch in client.get(BATCHES).context["cl"].result_list
    assert client.get(f"{BATCHES}{batch.pk}/change/").status_code == 200


def export_and_cancel_at_once():
    withdrawal, staff = request(funded()), UserFactory(is_staff=True)
    cancel = partial(withdrawal_cancel, withdrawal_id=withdrawal.pk, by=withdrawal.user, at=AT)
    return withdrawal, at_once(*[partial(export, withdrawal, by=staff), cancel] * (TIMES // 2))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_is_exported_once_or_cancelled():
    withdrawal, outcomes = export_and_cancel_at_once()

    withdrawal.refresh_from_db()
    assert tally(outcomes) == {"done": 1, "WithdrawalTransitionRefused": TIMES - 1}
    is_sent = withdrawal.status == WithdrawalStatus.SENDING
    assert PayoutBatch.objects.count() == int(is_sent)
    assert wallet(withdrawal.user)[1] == (100_000 if is_sent else 0)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_exporting_and_cancelling_without_locks_shows_the_race():
    def attempt() -> bool:
        _, outcomes = export_and_cancel_at_once()
        return tally(outcomes)["done"] > 1 or any(
            outcome.was_stopped_by_the_database for outcome in outcomes
        )

    assert race_seen(attempt)
