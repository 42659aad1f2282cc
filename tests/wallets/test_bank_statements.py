"""Reading statements of the bank: what they say, what is refused, and what is kept of them."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from tests.factories import AT
from tests.rules import REWRITES, checksums, copy, refused_by, rewrite_all, run
from tests.wallets.banking import OURS, by_bank_file, sample, table, take
from wallets.exceptions import StatementRefused
from wallets.models import BankAccount, BankStatement, BankStatementLine
from wallets.providers.camt_053 import read_camt_053
from wallets.providers.statement_csv import COLUMNS, read_statement_csv
from wallets.services import bank_statement_import

pytestmark = pytest.mark.django_db

NAMES = {"paid": "a", "returned": "b", "first": "c", "second": "d", "file": "e"}
DTD = b'<?xml version="1.0"?><!DOCTYPE Document [%s]><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">%s</Document>'
LAUGHS = b"".join(
    b'<!ENTITY l%d "%s">' % (level, b"&l%d;" % (level - 1) * 10 if level else b"lol")
    for level in range(10)
)
HEAD = ";".join(COLUMNS)
ROW = f"{OURS};USD;2026-11-24;-10.00;90.00;R1;;;;;"


@pytest.fixture(autouse=True)
def _bank_file(settings):
    by_bank_file(settings)


def taken(content: bytes, *, by=None):
    return bank_statement_import(content=content, file_name="x", by=by, at=AT)


def refused(content: bytes, words: str) -> None:
    before = checksums()
    with pytest.raises(StatementRefused) as refusal:
        taken(content)
    assert words in refusal.value.message
    assert checksums() == before


def test_each_version_says_the_same_things():
    [old], [middle], [new] = (read_camt_053(sample(v, **NAMES)) for v in ("02", "04", "08"))

    assert [(s.iban, s.currency) for s in (old, middle, new)] == [(OURS, "USD")] * 3
    assert [(s.opening_minor, s.closing_minor) for s in (old, middle, new)] == [
        (2_000_000, 1_899_810),
        (10_000, -139_800),
        (500_000, 352_200),
    ]
    assert (old.from_on, old.to_on) == (date(2026, 11, 23), date(2026, 11, 24))
    assert [line.amount_minor for line in old.lines] == [-99_900, -49_900, 49_900, -290]
    assert [line.amount_minor for line in middle.lines] == [-99_900, -49_900]
    assert [line.amount_minor for line in new.lines] == [-149_800, 2_000]
    assert old.lines[0].counterparty == "DE89370400440532013000"
    assert (old.lines[2].name, old.lines[2].return_code) == ("Fred Freelancer", "AC04")
    assert middle.lines[1].end_to_end_id == ""
    assert (new.lines[0].file_reference, new.lines[1].reference) == ("e", "IN-1")


def test_lines_are_kept_without_the_other_sides_account_number():
    take(sample("02", **NAMES))

    first = BankStatementLine.objects.order_by("pk")[0]
    assert first.counterparty == "DE•• •••• 3000"
    assert not BankStatementLine.objects.filter(text__contains="37040044").exists()


def test_lines_without_a_reference_keep_apart_and_are_known_again():
    entry = b"""<Ntry><Amt Ccy="USD">20.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
      <BookgDt><Dt>2026-11-24</Dt></BookgDt></Ntry>"""
    content = sample("08", **NAMES)
    twice = content.replace(b"<Ntry>", entry + entry + b"<Ntry>", 1).replace(b"3522", b"3562")

    take(twice)
    again = take(twice.replace(b"A1", b"A2"))

    assert again.statements[0].known_count == 4
    references = BankStatementLine.objects.values_list("reference", flat=True)
    assert len(set(references)) == len(references) == 4


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(DTD % (LAUGHS, b"&l9;"), id="billion laughs"),
        pytest.param(DTD % (b'<!ENTITY x SYSTEM "file:///etc/passwd">', b"&x;"), id="file"),
        pytest.param(DTD % (b'<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;', b""), id="address"),
    ],
)  # fmt: skip
def test_a_document_type_is_refused_before_anything_is_read(content):
    refused(content, "The file has a document type")


HOSTILE = [
    pytest.param(DTD.decode().encode("utf-16"), "no text in UTF-8 or Latin-1", id="utf-16"),
    pytest.param("<?xml version='1.0'?><Zoë/>".encode("latin-1"), "not written in UTF-8", id="latin-1 XML"),
    pytest.param(b" " * (50 * 1024 * 1024), "larger than 10 MB", id="50 MB"),
    pytest.param(b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">' + b"<a>" * 100_000, "nested too deeply", id="deep"),
    pytest.param(b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">' + b"<a/>" * 300_001, "too many parts", id="many"),
    pytest.param(b"<Document", "no well-formed XML", id="cut"),
    pytest.param(b"<Document>&x;</Document>", "no camt.053 statement", id="no namespace"),
    pytest.param(b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">&x;</Document>', "undefined entity", id="entity"),
    pytest.param(b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"/>', "no statement", id="empty"),
    pytest.param(b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.99"/>', "no camt.053 statement", id="version"),
    pytest.param(b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"/>', "no camt.053 statement", id="another message"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "words"), HOSTILE)
def test_hostile_files_are_refused(content, words):
    refused(content, words)


WRONG = [
    (b"18998.10", b"18998.11", "does not add up"),
    (b"FR1420041010050500013M02606", b"DE89370400440532013000", "PAYOUT_ACCOUNT_IBAN"),
    (b"<Cd>CLBD</Cd>", b"<Cd>ITBD</Cd>", "no balance CLBD"),
    (b'<Amt Ccy="USD">2.90', b'<Amt Ccy="EUR">2.90', "the entry is in EUR"),
    (b'<Amt Ccy="USD">2.90', b'<Amt Ccy="USD">2.905', "too many decimals"),
    (b'<Amt Ccy="USD">2.90', b'<Amt Ccy="USD">-2.90', "is no amount"),
    (b'<Amt Ccy="USD">2.90', b'<Amt Ccy="USD">99999999999.00', "out of range"),
    (b'<Amt Ccy="USD">18998.10', b'<Amt Ccy="XXX">18998.10', "XXX is not supported"),
    (b'<Amt Ccy="USD">18998.10', b'<Amt Ccy="EUR">18998.10', "different currencies"),
    (b"<CdtDbtInd>DBIT", b"<CdtDbtInd>BOTH", "whether money came or went"),
    (b"<Dt>2026-11-24</Dt></BookgDt>", b"<Dt>24.11.2026</Dt></BookgDt>", "is no day"),
    (b"2026112400000004", b"2026112400000001", "is not one line's own"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), WRONG)
def test_a_file_that_does_not_hold_together_is_refused(old, new, words):
    refused(sample("02", **NAMES).replace(old, new), words)


def test_an_earlier_line_cannot_become_another_one():
    take(table({"amount": "-10.00"}))

    refused(
        table({"amount": "-11.00"}, opening=1_000_000), "says something else of the reference R1"
    )


AMOUNTS = [
    ("USD", "-1250.00", -125_000),
    ("USD", "-1250,00", -125_000),
    ("USD", "+7", 700),
    ("USD", "0,5", 50),
    ("USD", " 12.30 ", 1_230),
    ("JPY", "-1500", -1_500),
    ("JPY", "1500.0", 1_500),
    ("KWD", "1.234", 1_234),
    ("KWD", "-1,2", -1_200),
]


@pytest.mark.parametrize(("currency", "text", "minor"), AMOUNTS)
def test_amounts_of_a_table_are_read_exactly(currency, text, minor):
    row = f"{OURS};{currency};2026-11-24;{text};{text};R1;;;;;"

    statement = read_statement_csv(f"{HEAD}\n{row}\n".encode())

    assert [line.amount_minor for line in statement.lines] == [minor]
    assert (statement.opening_minor, statement.closing_minor) == (0, minor)


@pytest.mark.parametrize("text", ["1.234", "1,234.50", "1.234,50", "1 234", "", "ten", "1e3", "--1", "0", "0.00", "10000000000.01", "٣"])  # fmt: skip
def test_amounts_that_could_mean_two_things_are_refused(text):
    with pytest.raises(StatementRefused):
        read_statement_csv(f'{HEAD}\n{OURS};USD;2026-11-24;"{text}";0;R1;;;;;\n'.encode())


TABLES = [
    (HEAD, "one to 20000 bookings"),
    ("", "must name these columns"),
    (f"{HEAD};more\n{ROW};x", "must name these columns"),
    (f"{HEAD.replace('text', 'name', 1)}\n{ROW}", "must name these columns"),
    (f"{HEAD}\n{ROW};", "11 fields are needed"),
    (f"{HEAD}\n{ROW}\n{ROW.replace(';R1', ';R2')}", "the balance does not follow"),
    (f"{HEAD}\n{ROW}\n{ROW.replace('USD', 'EUR')}", "one account in one currency"),
    (f"{HEAD}\n{ROW.replace('R1', '')}", "reference has 1 to 80 characters"),
    (f"{HEAD}\n{ROW.replace('R1', 'R' * 81)}", "reference has 1 to 80 characters"),
    (f"{HEAD}\n{ROW.replace('2026-11-24', '2026-02-30')}", "is no day"),
    (f"{HEAD}\n{ROW.replace('R1', 'R' + chr(0))}", "no text in UTF-8 or Latin-1"),
    (f'{HEAD}\n{ROW}"x', "Line 2"),
    (f'{HEAD}\n"{ROW}', "Line 2"),
]


@pytest.mark.parametrize(("text", "words"), TABLES)
def test_a_table_that_is_not_as_documented_is_refused(text, words):
    refused(text.encode(), words)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("delimiter", [";", ","])
def test_tables_come_in_two_spellings_and_two_encodings(encoding, delimiter):
    columns = list(reversed(COLUMNS))
    values = {"account": OURS, "currency": "USD", "booked_on": "2026-11-24", "amount": '"-1,50"',
              "balance": "98.50", "reference": "R1", "name": "Zoë", "text": '"a;b,c"'}  # fmt: skip
    lines = [delimiter.join(columns), delimiter.join(values.get(c, "") for c in columns)]

    statement = read_statement_csv("\r\n".join(lines).encode(encoding))

    [line] = statement.lines
    assert (line.amount_minor, line.name, line.text) == (-150, "Zoë", "a;b,c")
    assert (statement.opening_minor, statement.closing_minor) == (10_000, 9_850)


@pytest.mark.parametrize("role", ["freelancer", "commissioner"])
def test_only_staff_import(role, request):
    user, before = request.getfixturevalue(role), checksums()

    with pytest.raises(PermissionRefused):
        taken(table({"amount": "1.00"}), by=user)

    assert checksums() == before


def test_a_command_imports_and_says_so(tmp_path, staff):
    file = tmp_path / "statement.csv"
    file.write_bytes(table({"amount": "1.00"}))
    said = StringIO()

    call_command("import_statement", str(file), by=staff.email, stdout=said)
    call_command("import_statement", str(file), stdout=said)

    assert said.getvalue().splitlines() == [
        "statement.csv: imported: 1 statements, 1 new lines.",
        "statement.csv: imported before, nothing changed: 1 statements, 0 new lines.",
    ]
    assert AuditEvent.objects.get(event="bank_statement.imported").actor == staff.public_id


def test_a_command_refuses_with_the_reason(tmp_path, freelancer):
    file = tmp_path / "statement.csv"
    file.write_bytes(b"nothing")

    for path, by, words in (
        (file, "", "must name these columns"),
        (file, "nobody@example.com", "Nobody has the address"),
        (file, freelancer.email, "Only staff"),
        (tmp_path / "missing", "", "No such file"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("import_statement", str(path), by=by)

    assert not BankStatement.objects.exists()


@pytest.fixture
def statement():
    return take(table({"amount": "1.00"})).statements[0]


COPIES = [
    ("wallets_bank_statement_file_once", {}),
    ("wallets_bank_statement_has_a_hash", {"sha256": "'x'"}),
    ("wallets_bank_statement_format_valid", {"position": "2", "format": "'pdf'"}),
    ("wallets_bank_statement_ends_after_start", {"position": "2", "to_on": "from_on - 1"}),
]


@pytest.mark.parametrize(("rule", "changes"), COPIES)
def test_the_database_refuses_such_a_statement(statement, rule, changes):
    with refused_by(rule):
        copy(statement, **changes)


def test_the_database_refuses_a_statement_that_does_not_add_up(statement):
    with refused_by("wallets_bank_statement_adds_up"):
        copy(statement, position="2")
        run("SET CONSTRAINTS ALL IMMEDIATE")


LINES = [
    ("wallets_bank_line_once_per_account", {"position": "2"}),
    ("wallets_bank_line_has_its_place", {"reference": "'R2'"}),
    ("wallets_bank_line_has_a_reference", {"position": "2", "reference": "' '"}),
    ("wallets_bank_line_amount_within_limits", {"position": "2", "amount_minor": "0"}),
]


@pytest.mark.parametrize(("rule", "changes"), LINES)
def test_the_database_refuses_such_a_line(statement, rule, changes):
    with refused_by(rule):
        copy(statement.lines.get(), **changes)


def test_the_database_refuses_an_account_twice(statement):
    with refused_by("wallets_bank_account_once_per_currency"):
        copy(BankAccount.objects.get())


@pytest.mark.parametrize("statement_of", REWRITES)
@pytest.mark.parametrize(
    ("rule", "name", "column"),
    [
        ("wallets_bank_statement_is_append_only", "wallets_bankstatement", "closing_minor"),
        ("wallets_bank_line_is_append_only", "wallets_bankstatementline", "amount_minor"),
    ],
)
def test_what_the_bank_said_is_never_rewritten(statement, statement_of, rule, name, column):
    with refused_by(rule):
        rewrite_all(statement_of, name, column)
