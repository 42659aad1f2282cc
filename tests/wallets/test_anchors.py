"""Anchors and receipts: what is signed, what is published, and what a receipt proves without us."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from outbox import services as outbox_services
from tests.builders import active_project, paid_invoice, run_jobs
from tests.factories import FreelancerFactory
from tests.rules import refused_by, rewrite_all, run
from tests.wallets.test_integrity import corrupt
from wallets import integrity
from wallets.exceptions import NotAnchoredYet, StatementLineUnknown
from wallets.integrity import anchors
from wallets.models import Account, Anchor, AnchoredHead, Balance
from wallets.services.anchors import ANCHOR, anchor_draft, anchor_keep, anchors_publish

pytestmark = pytest.mark.django_db
TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_receipt.py"
AVAILABLE = "(SELECT id FROM wallets_account WHERE kind = 'available')"


@pytest.fixture
def file(tmp_path, settings):
    settings.ANCHOR_FILE = str(tmp_path / "outside" / "anchors.jsonl")
    return Path(settings.ANCHOR_FILE)


@pytest.fixture
def project(commissioner, freelancer):
    project = active_project(commissioner=commissioner, freelancer=freelancer)
    paid_invoice(project, position=1)
    return project


def anchored(key: str = "now") -> Anchor | None:
    """The newest anchor after one round of the job."""
    outbox_services.enqueue(ANCHOR, key=key)
    assert run_jobs(ANCHOR) == 1
    return Anchor.objects.order_by("number").last()


def test_the_tool_is_short_and_needs_nothing_of_ours():
    text = TOOL.read_text()

    assert text.count("\n") <= 150
    assert {line.split()[1].split(".")[0] for line in text.splitlines() if line[:5] in ("impor", "from ")} == {
        "argparse", "hashlib", "json", "struct", "sys", "datetime", "cryptography",
    }  # fmt: skip


def test_an_anchor_signs_all_chains_and_keeps_those_that_grew(project, file):
    first = anchored()
    paid_invoice(project, position=2)
    second = anchored("later")

    assert (first.number, second.number) == (1, 2)
    assert first.chains == Balance.objects.count() == 129
    assert bytes(first.previous) == bytes(32)
    assert bytes(second.previous) == anchors.digest_of(anchors.of_row(first))
    assert AnchoredHead.objects.filter(anchor=first).count() == 129
    assert set(AnchoredHead.objects.filter(anchor=second).values_list("seq", flat=True)) == {2}
    assert AnchoredHead.objects.filter(anchor=second).count() == 3
    assert str(first).startswith("#1 20")
    assert integrity.differences() == []


def test_nothing_is_signed_while_nothing_moves(project, file):
    anchored()

    anchored("again")

    assert Anchor.objects.count() == 1


def test_without_a_key_nothing_is_signed(project, settings):
    for key in ("", "c2hvcnQ=", "not base64"):
        settings.ANCHOR_KEY = key
        assert anchor_draft() is None


def test_of_two_anchors_at_once_the_first_is_kept(project, file):
    first, second = anchor_draft(), anchor_draft()

    assert anchor_keep(first) is not None
    assert anchor_keep(second) is None
    assert Anchor.objects.count() == 1


def published(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_the_file_outside_gets_each_anchor_once(project, file, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        first = anchored()
    assert [anchor["number"] for anchor in published(file)] == [1]
    assert published(file)[0] == anchors.published(anchors.of_row(first))

    paid_invoice(project, position=2)
    anchored("a commit whose process died")

    assert [anchor["number"] for anchor in published(file)] == [1]
    assert anchors_publish() == 1
    assert anchors_publish() == 0
    assert [anchor["number"] for anchor in published(file)] == [1, 2]


def test_a_file_that_says_something_else_is_left_alone_and_reported(project, file, caplog):
    anchored()
    anchors_publish()
    other = file.read_text().replace('"chains": 129', '"chains": 128')
    file.write_text(other)

    assert anchors_publish() == 0
    assert file.read_text() == other
    assert "the file of anchors differs" in caplog.messages
    assert integrity.differences() == [
        integrity.Difference("anchors_hold", "anchor 1", "is another one in anchors.jsonl")
    ]


def test_a_file_that_is_ahead_of_the_books_is_reported(project, file):
    anchored()
    paid_invoice(project, position=2)
    anchored("later")
    anchors_publish()
    corrupt("DELETE FROM wallets_anchor WHERE number = 2")
    run("SET LOCAL session_replication_role = replica")
    run("DELETE FROM wallets_anchoredhead WHERE anchor_id = 2")
    run("SET LOCAL session_replication_role = origin")

    assert [entry.subject for entry in integrity.differences()] == ["anchor 2"]


OLD = "UPDATE wallets_anchor SET at = at - interval '1 hour'"


def test_a_file_may_lag_for_a_moment_but_not_for_long(project, file):
    anchored()
    assert integrity.differences() == []

    corrupt(OLD)

    found = [entry.detail for entry in integrity.differences()]
    assert found == ["its signature is not its key's", "is missing in anchors.jsonl"]


@pytest.mark.parametrize(
    ("edit", "detail"),
    [
        (OLD, "its signature is not its key's"),
        ("UPDATE wallets_anchor SET chains = 1", "its signature is not its key's"),
        (
            "UPDATE wallets_anchor SET previous = sha256('x')",
            "does not follow from the one before it",
        ),
        ("UPDATE wallets_anchor SET number = 2", "does not follow from the one before it"),
        (
            f"UPDATE wallets_anchoredhead SET head = sha256('x') WHERE account_id = {AVAILABLE}",
            "its root is not that of its heads",
        ),
    ],
)
def test_an_edited_anchor_is_found(project, edit, detail):
    anchored()

    corrupt(edit)

    assert detail in {entry.detail for entry in integrity.differences()}


def test_a_chain_that_was_written_anew_does_not_match_its_anchor(project):
    """What a hash chain alone cannot show: everything after the edit computed again."""
    anchored()
    corrupt(
        f"UPDATE wallets_entry SET hash = sha256('new') WHERE account_id = {AVAILABLE}",
        f"UPDATE wallets_balance SET head = sha256('new') WHERE account_id = {AVAILABLE}",
    )

    assert "anchors_hold" in {entry.check for entry in integrity.differences()}


@pytest.mark.parametrize("table", ["wallets_anchor", "wallets_anchoredhead"])
@pytest.mark.parametrize("statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"])
def test_anchors_are_history(project, table, statement):
    anchored()
    rules = {
        "wallets_anchor": ("wallets_anchor_is_append_only", "chains"),
        "wallets_anchoredhead": ("wallets_anchored_head_is_append_only", "head"),
    }
    rule, column = rules[table]

    with refused_by(rule):
        rewrite_all(statement, table, column)


def test_anchors_are_numbered_from_one_and_heads_count_entries(project):
    anchor = anchored()
    with refused_by("wallets_anchor_number_positive"):
        Anchor.objects.create(
            number=0,
            at=timezone.now(),
            chains=0,
            root=b"",
            previous=b"",
            public_key=b"",
            signature=b"",
        )
    head = AnchoredHead.objects.filter(seq=1).first()
    with refused_by("wallets_anchored_head_one_per_anchor"):
        AnchoredHead.objects.create(
            anchor=anchor, account_id=head.account_id, shard=head.shard, seq=2, head=b""
        )
    with refused_by("wallets_anchored_head_seq_not_negative"):
        AnchoredHead.objects.create(anchor=anchor, account_id=1, shard=0, seq=-1, head=b"")


@pytest.fixture
def receipt(project, freelancer):
    """For the first of two lines that one anchor covers."""
    paid_invoice(project, position=2)
    anchored()
    return integrity.receipt_of(user_id=freelancer.pk, currency="USD", line=1)


def check(tmp_path: Path, receipt: dict, *more: str, key: str = "") -> tuple[int, str]:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt))
    key = key or receipt["anchor"]["key"]
    done = subprocess.run(
        [sys.executable, TOOL, str(path), "--key", key, *more],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_a_receipt_is_checked_without_the_platform(receipt, tmp_path):
    entry, anchor = receipt["entries"][0], receipt["anchor"]

    code, said = check(tmp_path, receipt)

    assert [entry["seq"] for entry in receipt["entries"]] == [1, 2]
    assert (code, said) == (
        0,
        "HOLDS: line 1 of 316667 minor units of USD, posted\n"
        f"{entry['journal']['posted_at']}, anchored {anchor['at']} by anchor 1.\n",
    )


def test_a_receipt_is_checked_against_the_published_list(receipt, project, file, tmp_path):
    paid_invoice(project, position=3)
    anchored("later")
    anchors_publish()

    assert check(tmp_path, receipt, "--anchors", str(file))[0] == 0
    lines = file.read_text().splitlines(keepends=True)
    file.write_text(lines[1])
    assert check(tmp_path, receipt, "--anchors", str(file)) == (
        1,
        "DOES NOT HOLD: anchor 1 is missing in the list.\n",
    )
    file.write_text(lines[0].replace('"chains": 129', '"chains": 1') + lines[1])
    assert check(tmp_path, receipt, "--anchors", str(file)) == (
        1,
        "DOES NOT HOLD: anchor 2 does not follow in the list.\n",
    )


def test_another_key_does_not_vouch(receipt, tmp_path):
    assert check(tmp_path, receipt, key="00" * 32) == (
        1,
        "DOES NOT HOLD: anchor 1 is signed by another key.\n",
    )


FORGERIES = [
    (("entries", 0, "amount"), 316668, "the hash of line 1 is wrong"),
    (("entries", 0, "journal", "key"), "settle:another", "the hash of line 1 is wrong"),
    (("entries", 0, "journal", "posted_at"), "2020-01-01T00:00:00.000000Z", "the hash of line 1 is wrong"),
    (("entries", 1, "balance_after"), 1, "the balance of line 2 is wrong"),
    (("entries", 1, "hash"), "00" * 32, "the hash of line 2 is wrong"),
    (("line",), 2, "the receipt does not begin with its line"),
    (("head_before",), "00" * 32, "the hash of line 1 is wrong"),
    (("account", "id"), 99, "the hash of line 1 is wrong"),
    (("inclusion", "index"), 5, "the path is too short"),
    (("inclusion", "leaves"), 200, "the tree has another size"),
    (("inclusion", "path", 0), "00" * 32, "the path does not lead to the anchor's root"),
    (("anchor", "at"), "2020-01-01T00:00:00.000000Z", "the signature of anchor 1 is wrong"),
    (("anchor", "number"), 2, "the signature of anchor 2 is wrong"),
    (("anchor", "signature"), "00" * 64, "the signature of anchor 1 is wrong"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value", "words"), FORGERIES)
def test_a_forged_receipt_does_not_hold(receipt, tmp_path, place, value, words):
    forged = copy.deepcopy(receipt)
    part = forged
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value

    assert check(tmp_path, forged) == (1, f"DOES NOT HOLD: {words}.\n")


@pytest.mark.parametrize("part", ["account", "entries", "inclusion", "anchor"])
def test_half_a_receipt_does_not_hold(receipt, tmp_path, part):
    key = receipt["anchor"]["key"]
    forged = {name: value for name, value in receipt.items() if name != part}

    assert check(tmp_path, forged, key=key)[0] == 1


def test_a_receipt_tells_nothing_of_others(project, freelancer, commissioner):
    other = FreelancerFactory()
    paid_invoice(
        active_project(commissioner=commissioner, freelancer=other, title="Another"), position=1
    )
    anchored()
    receipt = integrity.receipt_of(user_id=freelancer.pk, currency="USD", line=1)
    text = json.dumps(receipt)

    mine = Account.objects.get(owner=f"user:{freelancer.pk}")
    assert len(receipt["entries"]) == 1
    assert receipt["account"]["id"] == mine.pk
    for name in (
        other.email,
        other.public_id,
        f"user:{other.pk}",
        commissioner.public_id,
        "provider",
    ):
        assert name not in text


def test_a_line_that_is_not_anchored_yet_and_one_that_is_not_there(project, freelancer):
    with pytest.raises(NotAnchoredYet):
        integrity.receipt_of(user_id=freelancer.pk, currency="USD", line=1)
    for line, currency in ((0, "USD"), (2, "USD"), (1, "EUR"), (2**70, "USD")):
        with pytest.raises(StatementLineUnknown):
            integrity.receipt_of(user_id=freelancer.pk, currency=currency, line=line)


def test_the_page_gives_the_receipt_of_ones_own_line(client_for, project, freelancer, stranger):
    address = reverse("wallets:receipt", args=["USD", 1])
    early = client_for(freelancer).get(address, follow=True)
    assert "not anchored yet" in early.content.decode()
    anchored()

    answer = client_for(freelancer).get(address)

    assert answer.json() == integrity.receipt_of(user_id=freelancer.pk, currency="USD", line=1)
    assert answer["Content-Disposition"] == 'attachment; filename="tranche-receipt-USD-1.json"'
    assert client_for(stranger).get(address).status_code == 404
    page = client_for(freelancer).get(reverse("wallets:statement")).content.decode()
    assert f'href="{address}"' in page


def test_the_api_gives_the_receipt_of_ones_own_line(api, project, freelancer, stranger):
    line = api(freelancer).get("/api/v1/wallet/transactions/").json()["results"][0]["line"]
    address = f"/api/v1/wallet/receipts/USD/{line}/"
    early = api(freelancer).get(address)
    assert (early.status_code, early.json()["code"]) == (409, "not_anchored_yet")
    assert early["Retry-After"] == "60"
    anchored()

    assert api(freelancer).get(address).json() == integrity.receipt_of(
        user_id=freelancer.pk, currency="USD", line=1
    )
    assert api(stranger).get(address).status_code == 404
    assert api(freelancer).get("/api/v1/wallet/receipts/USD/2/").status_code == 404


def test_anchors_are_published_for_everybody(client_for, project, file):
    empty = client_for(None).get(reverse("anchors"))
    assert "No anchors here" in empty.content.decode()
    first = anchored()
    paid_invoice(project, position=2)
    anchored("later")
    anchors_publish()
    client = client_for(None)

    page = client.get(reverse("anchors")).content.decode()
    lines = client.get(reverse("anchors-file")).getvalue().decode()

    assert bytes(first.public_key).hex() in page
    assert bytes(first.root).hex() in page
    assert lines == file.read_text()
    after = client.get(reverse("anchors-file") + "?after=1").getvalue().decode()
    assert [json.loads(line)["number"] for line in after.splitlines()] == [2]
    older = client.get(reverse("anchors") + "?before=2")
    assert [row["number"] for row in older.context["anchors"]] == [1]
