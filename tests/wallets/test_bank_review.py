"""Lines of the bank that staff match or set aside: with a reason, the large ones in twos."""

from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.enums import Role
from accounts.models import AuditEvent
from accounts.services import role_add
from common.exceptions import PermissionRefused
from tests.factories import AT, UserFactory
from tests.races.threads import TIMES, at_once, race_seen, tally
from tests.rules import assert_refused, checksums, copy, refused_by
from tests.wallets.banking import by_bank_file, export, line_of, named, table, take
from tests.wallets.withdrawing import funded, request, resolve, wallet
from wallets import integrity
from wallets.enums import BankMatchKind, BankMatchStatus, WithdrawalStatus
from wallets.exceptions import (
    BankLineMatched,
    BankMatchTransitionRefused,
    BankMatchUnfit,
    ReasonRequired,
)
from wallets.models import BankMatch, BankStatement, BankStatementLine
from wallets.selectors import bank_books, bank_ledger, bank_lines_unmatched, match_candidates
from wallets.services import (
    bank_line_set_aside,
    bank_match_confirm,
    bank_match_drop,
    bank_match_make,
)

pytestmark = pytest.mark.django_db

FUNDED = 316_667
LINES = "/admin/wallets/bankstatementline/"
STATEMENTS = "/admin/wallets/bankstatement/"


@pytest.fixture(autouse=True)
def _bank_file(settings):
    by_bank_file(settings)


@pytest.fixture
def owner(freelancer):
    return funded(freelancer)


@pytest.fixture
def second():
    return UserFactory(email="second@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def sent(owner, staff):
    """A withdrawal on its way, 999.00 net."""
    withdrawal = request(owner)
    export(withdrawal, by=staff)
    return withdrawal


def nameless(amount: str = "-999.00", **row):
    """A line that names no withdrawal."""
    take(table({"amount": amount, "name": "FREELANCER FRED", **row}))
    return BankStatementLine.objects.get()


def make(line, withdrawal, *, by, reason="Same name and day."):
    return bank_match_make(
        line_id=line.pk, withdrawal_id=withdrawal.pk, reason=reason, by=by, at=AT
    )


def test_staff_match_a_line_by_hand(sent, owner, staff):
    line = nameless()

    match = make(line, sent, by=staff)

    sent.refresh_from_db()
    assert (match.status, match.kind, match.difference_minor) == ("done", BankMatchKind.PAID, 0)
    assert (sent.status, wallet(owner)) == (WithdrawalStatus.PAID, (FUNDED - 100_000, 0, 100_000))
    told = AuditEvent.objects.get(event="bank_line.matched")
    assert (told.actor, told.after["reason"]) == (staff.public_id, "Same name and day.")
    assert told.target == line.public_id
    assert integrity.differences() == []


def test_a_line_overtakes_what_staff_said_and_nobody_confirmed(
    sent, owner, staff, second, settings
):
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", "500.00")}
    resolve(sent, is_paid=False, by=staff)
    match = make(nameless(), sent, by=staff)

    bank_match_confirm(match_id=match.pk, by=second, at=AT)

    sent.refresh_from_db()
    assert (sent.status, sent.frozen_at) == (WithdrawalStatus.PAID, None)
    assert (sent.resolution, sent.resolution_reason, sent.resolved_by) == ("", "", None)
    assert wallet(owner) == (FUNDED - 100_000, 0, 100_000)
    assert integrity.differences() == []


def test_money_that_came_back_is_matched_by_hand(sent, owner, staff):
    take(table({"amount": "-999.00", "end_to_end_id": named(sent)}))
    take(table({"amount": "999.00", "name": "Fred"}, start=2))

    make(line_of(99_900), sent, by=staff)

    sent.refresh_from_db()
    assert (sent.status, sent.reason) == (WithdrawalStatus.RETURNED, "The bank returned it.")
    assert wallet(owner) == (FUNDED, 0, 0)
    assert integrity.differences() == []


def test_what_the_operator_paid_without_a_file_is_matched_by_hand(owner, staff):
    unsent = request(owner)
    take(table({"amount": "-999.00", "end_to_end_id": named(unsent)}))
    line = line_of(-99_900)
    assert [one.withdrawal for one in match_candidates(line)] == [unsent]

    make(line, unsent, by=staff)

    unsent.refresh_from_db()
    assert (unsent.status, unsent.frozen_at) == (WithdrawalStatus.PAID, None)
    assert wallet(owner) == (FUNDED - 100_000, 0, 100_000)
    assert integrity.differences() == []


def test_a_difference_waits_for_a_second_person(sent, owner, staff, second):
    take(table({"amount": "-1001.50", "end_to_end_id": named(sent)}))
    line = line_of(-100_150)

    match = make(line, sent, by=staff, reason="The bank took its charges with it.")
    assert (match.status, match.amount_minor, match.difference_minor) == ("proposed", -99_900, -250)
    sent.refresh_from_db()
    assert (sent.status, sent.frozen_at is None) == (WithdrawalStatus.SENDING, False)
    with pytest.raises(PermissionRefused):
        bank_match_confirm(match_id=match.pk, by=staff, at=AT)
    confirmed = bank_match_confirm(match_id=match.pk, by=second, at=AT)

    sent.refresh_from_db()
    assert (confirmed.status, confirmed.decided_by) == (BankMatchStatus.DONE, second)
    assert (sent.status, sent.frozen_at) == (WithdrawalStatus.PAID, None)
    assert wallet(owner) == (FUNDED - 100_000, 0, 100_000)
    assert AuditEvent.objects.get(event="bank_line.confirmed").actor == second.public_id
    assert integrity.differences() == []


def test_above_the_limit_a_second_person_decides(sent, owner, staff, second, settings):
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", "998.99")}
    line = nameless()

    match = make(line, sent, by=staff)
    assert match.status == BankMatchStatus.PROPOSED
    assert wallet(owner) == (FUNDED - 100_000, 100_000, 0)
    dropped = bank_match_drop(match_id=match.pk, reason="Another Fred.", by=second, at=AT)

    assert (dropped.status, list(BankStatementLine.objects.unmatched())) == ("dropped", [line])
    assert AuditEvent.objects.get(event="bank_line.reopened").after["reason"] == "Another Fred."
    aside = bank_line_set_aside(line_id=line.pk, reason="Rent.", by=staff, at=AT)
    assert aside.status == BankMatchStatus.PROPOSED
    assert bank_match_confirm(match_id=aside.pk, by=second, at=AT).status == BankMatchStatus.DONE
    assert integrity.differences() == []


def test_a_line_is_set_aside_and_opened_again(staff):
    line = nameless("-2.90", text="Charges")

    match = bank_line_set_aside(line_id=line.pk, reason="The bank's charges.", by=staff, at=AT)
    assert (match.status, match.kind) == (BankMatchStatus.DONE, BankMatchKind.NOT_OURS)
    assert not BankStatementLine.objects.unmatched().exists()
    assert integrity.differences() == []
    bank_match_drop(match_id=match.pk, reason="It was a return.", by=staff, at=AT)

    assert list(BankStatementLine.objects.unmatched()) == [line]
    with pytest.raises(BankMatchTransitionRefused):
        bank_match_drop(match_id=match.pk, reason="Again.", by=staff, at=AT)


def test_what_is_in_the_ledger_is_not_dropped(sent, staff):
    match = make(nameless(), sent, by=staff)

    with pytest.raises(BankMatchTransitionRefused, match="it stands"):
        bank_match_drop(match_id=match.pk, reason="Oops.", by=staff, at=AT)


def test_what_does_not_fit_is_refused(sent, owner, staff, settings):
    line = nameless()
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", "499.00")}
    waiting = request(owner, amount="500.00")
    settings.PAYOUT_TERMS = {"USD": ("10.00", "1.00", "5000.00")}
    settings.PAYOUT_RAIL = "sandbox"
    elsewhere = request(owner, amount="100.00")
    before = checksums()

    for withdrawal in (waiting, elsewhere):
        with pytest.raises(BankMatchUnfit):
            make(line, withdrawal, by=staff)
    for reason in ("", "  "):
        with pytest.raises(ReasonRequired):
            make(line, sent, by=staff, reason=reason)
        with pytest.raises(ReasonRequired):
            bank_line_set_aside(line_id=line.pk, reason=reason, by=staff, at=AT)

    assert checksums() == before
    make(line, sent, by=staff)
    before = checksums()
    with pytest.raises(BankLineMatched):
        bank_line_set_aside(line_id=line.pk, reason="Rent.", by=staff, at=AT)
    with pytest.raises(BankLineMatched):
        make(line, sent, by=staff)
    assert checksums() == before


def test_what_was_resolved_meanwhile_is_not_confirmed(sent, staff, second):
    match = make(nameless("-998.00"), sent, by=staff)
    resolve(sent, is_paid=False, by=staff)
    before = checksums()

    with pytest.raises(BankMatchUnfit, match="had ended here"):
        bank_match_confirm(match_id=match.pk, by=second, at=AT)

    assert checksums() == before


@pytest.mark.parametrize("role", ["freelancer", "commissioner", "stranger"])
def test_others_decide_nothing(sent, staff, role, request):
    line = nameless("-998.00")
    match = make(line, sent, by=staff)
    user, before = request.getfixturevalue(role), checksums()

    for act in (
        lambda: make(line, sent, by=user),
        lambda: bank_line_set_aside(line_id=line.pk, reason="x", by=user, at=AT),
        lambda: bank_match_confirm(match_id=match.pk, by=user, at=AT),
        lambda: bank_match_drop(match_id=match.pk, reason="x", by=user, at=AT),
    ):
        with pytest.raises(PermissionRefused):
            act()

    assert checksums() == before


def test_staff_decide_nothing_about_their_own(staff, second):
    role_add(role=Role.FREELANCER, by=staff, at=AT)
    staff.refresh_from_db()
    own = request(funded(staff))
    export(own, by=second)
    line = nameless("-998.00")

    with pytest.raises(PermissionRefused):
        make(line, own, by=staff)
    match = make(line, own, by=second)
    with pytest.raises(PermissionRefused):
        bank_match_confirm(match_id=match.pk, by=staff, at=AT)


def test_candidates_come_with_what_speaks_for_them(sent, owner, staff):
    other = request(owner, amount="500.00", number="000123456789")
    export(other, by=staff)
    cut = f"wd-{sent.uuid.hex[:20]} {sent.uuid.hex[20:]}"
    line = nameless(counterparty="DE89370400440532013000", text=f"Tr. {cut} x")

    found = match_candidates(line)

    assert [(one.withdrawal, one.because) for one in found] == [
        (sent, "same amount, same account, similar name, its identifier"),
        (other, "similar name"),
    ]
    make(line, sent, by=staff)
    assert [one.withdrawal for one in match_candidates(line)] == [other]


def test_the_accounts_stand_beside_the_ledger(sent, staff):
    take(
        table(
            {"amount": "-999.00", "end_to_end_id": named(sent)},
            {"amount": "-2.90"},
            {"amount": "7.00"},
        )
    )
    bank_line_set_aside(line_id=line_of(-290).pk, reason="Charges.", by=staff, at=AT)
    take(table({"amount": "1.00"}, opening=500, start=9))

    assert bank_lines_unmatched() == 2
    [book] = bank_books()
    [ledger] = bank_ledger([book])

    assert [str(amount.amount) for amount in (book.closing, book.missing, book.matched, book.aside, book.unmatched)] == [
        "6.00", "-9000.10", "-999.00", "-2.90", "8.00",
    ]  # fmt: skip
    assert book.unmatched_count == 2
    assert (ledger.posted.amount, ledger.difference.amount) == (ledger.matched.amount, 0)


def upload(content: bytes, name: str = "statement.csv") -> dict:
    return {"file": SimpleUploadedFile(name, content)}


def test_staff_import_in_the_admin(client_for, staff):
    client, content = client_for(staff), table({"amount": "-2.90"})

    assert client.get(f"{STATEMENTS}import/").status_code == 200
    done = client.post(f"{STATEMENTS}import/", upload(content), follow=True)
    again = client.post(f"{STATEMENTS}import/", upload(content), follow=True)
    wrong = client.post(f"{STATEMENTS}import/", upload(b"nothing"))
    empty = client.post(f"{STATEMENTS}import/")
    large = client.post(f"{STATEMENTS}import/", upload(b" " * (10 * 1024 * 1024 + 1)))

    assert "1 new lines are being matched." in done.content.decode()
    assert "nothing has changed" in again.content.decode()
    assert "must name these columns" in wrong.content.decode()
    assert "This field is required." in empty.content.decode()
    assert "larger than 10 MB" in large.content.decode()
    statement = BankStatement.objects.get()
    assert (statement.imported_by, statement.file_name) == (staff, "statement.csv")
    assert "9,997.10 USD" in client.get(STATEMENTS).content.decode()
    assert client.get(f"{STATEMENTS}{statement.pk}/change/").status_code == 200


def decide(client, line, action, **form):
    return client.post(f"{LINES}{line.pk}/match/", {"action": action, **form})


def test_staff_match_in_the_admin(client_for, sent, staff, second):
    client, line = client_for(staff), nameless("-998.00")
    page = client.get(f"{LINES}{line.pk}/match/").content.decode()
    chosen = {"match-candidate": sent.public_id}

    assert "999.00 USD" in page
    assert decide(client, line, "match", **chosen).status_code == 200
    assert decide(client, line, "match", **{"match-reason": "x"}).status_code == 200
    assert decide(client, line, "confirm").status_code == 200
    assert not BankMatch.objects.exists()
    assert decide(client, line, "match", **chosen, **{"match-reason": "x"}).status_code == 302
    assert decide(client, line, "confirm").status_code == 200
    proposed = client.get(LINES, {"state": "proposed"}).context["cl"].result_list
    assert list(proposed) == [line]
    assert decide(client_for(second), line, "confirm").status_code == 302

    assert BankMatch.objects.get().decided_by == second
    assert list(client.get(LINES, {"state": "done"}).context["cl"].result_list) == [line]
    assert list(client.get(LINES).context["cl"].result_list) == []
    assert client.get(f"{LINES}{line.pk}/change/").status_code == 200


def test_staff_set_aside_and_open_again_in_the_admin(client_for, sent, staff):
    client, line = client_for(staff), nameless()

    assert decide(client, line, "set_aside", **{"set_aside-reason": "Rent."}).status_code == 302
    assert decide(client, line, "drop").status_code == 200
    assert decide(client, line, "drop", **{"drop-reason": "Not rent."}).status_code == 302
    identifier = {"match-name": sent.public_id, "match-reason": "It is his."}
    assert decide(client, line, "match", **identifier).status_code == 302

    assert list(BankMatch.objects.order_by("pk").values_list("kind", "status")) == [
        ("not_ours", "dropped"),
        ("paid", "done"),
    ]


def test_others_do_not_reach_the_admin(client_for, freelancer):
    line = nameless()

    for person in (None, freelancer):
        client = client_for(person)
        for address in (f"{STATEMENTS}import/", f"{LINES}{line.pk}/match/"):
            assert client.get(address).url.startswith("/admin/login/")
            assert client.post(address).url.startswith("/admin/login/")

    assert (BankStatement.objects.count(), BankMatch.objects.count()) == (1, 0)


RULES = [
    ("wallets_bank_match_fits_its_kind", "kind = 'lost'"),
    ("wallets_bank_match_fits_its_kind", "amount_minor = 1"),
    ("wallets_bank_match_decided_iff_ended", "status = 'lost'"),
    ("wallets_bank_match_by_hand_has_a_reason", "reason = ' '"),
    ("wallets_bank_match_decided_iff_ended", "decided_at = NULL"),
    ("wallets_bank_match_confirmed_by_another", "decided_by_id = made_by_id"),
]


@pytest.mark.parametrize(("rule", "changes"), RULES)
def test_the_database_refuses_such_a_match(sent, staff, rule, changes):
    assert_refused(rule, make(nameless(), sent, by=staff), changes)


def test_the_database_keeps_matches_apart(sent, staff):
    paid = make(nameless(), sent, by=staff)
    take(table({"amount": "-2.90"}, start=2))
    aside = bank_line_set_aside(line_id=line_of(-290).pk, reason="Charges.", by=staff, at=AT)

    with refused_by("wallets_bank_match_once_per_withdrawal"):
        copy(paid)
    with refused_by("wallets_bank_match_once_per_line"):
        copy(aside)


def match_at_once():
    """Two members of staff match one line to two withdrawals."""
    owner, first, second = funded(), UserFactory(is_staff=True), UserFactory(is_staff=True)
    both = [request(owner), request(owner)]
    export(*both, by=first)
    line = nameless()
    acts = [partial(make, line, both[0], by=first), partial(make, line, both[1], by=second)]
    return owner, at_once(*acts * (TIMES // 2))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_one_line_at_once_is_one_withdrawal():
    owner, outcomes = match_at_once()

    assert tally(outcomes) == {"done": 1, "BankLineMatched": TIMES - 1}
    assert wallet(owner) == (FUNDED - 200_000, 100_000, 100_000)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_matching_at_once_without_locks_shows_the_race():
    def attempt() -> bool:
        BankMatch.objects.all().delete()
        _, outcomes = match_at_once()
        return tally(outcomes)["done"] > 1 or any(
            outcome.was_stopped_by_the_database for outcome in outcomes
        )

    assert race_seen(attempt, rounds=1)
