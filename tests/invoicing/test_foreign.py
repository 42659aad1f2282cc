"""Foreign invoices: read, held against the rules, kept once as a record of somebody."""

import io
import zlib

import pikepdf
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import AuditEvent
from common.exceptions import PermissionRefused
from invoicing.documents.foreign import LARGEST, Unreadable, read
from invoicing.documents.pdf import render_pdf
from invoicing.documents.xml import cii_of, ubl_of
from invoicing.enums import Side
from invoicing.exceptions import (
    ForeignImported,
    ForeignIncomplete,
    ForeignLimit,
    ForeignUnreadable,
)
from invoicing.models import ForeignInvoice
from invoicing.services.foreign import ForeignFile, foreign_invoice_import
from tests.factories import AT
from tests.invoicing.documents.cases import kinds_of, made
from tests.rules import REWRITES, checksums, copy, refused_by, rewrite_all
from wallets import integrity

UBL = ubl_of(made("de-fr"))
CII = cii_of(made("de-de"))
WRONG = CII.replace(b">646.00<", b">650.00<")


def pdf():
    one = made("de-de")
    return render_pdf(one, cii=cii_of(one))


def keep(content, owner, by=None, *, accepts=False, side=Side.RECEIVED):
    file = ForeignFile("of/the/studio.xml", content, owner, side)
    return foreign_invoice_import(file=file, accepts_findings=accepts, by=by, at=AT)


@pytest.mark.parametrize(
    ("content", "kind"), [(UBL, "ubl"), (CII, "cii"), (pdf(), "pdf")], ids=["ubl", "cii", "pdf"]
)
def test_a_right_invoice_breaks_no_rule(content, kind):
    reading = read(content)

    assert (reading.format, reading.findings) == (kind, ())
    assert reading.term("BG-4.name") == "Lovelace Engines GmbH"
    assert reading.is_complete


@pytest.mark.parametrize("kind", ["credit", "paid", "selfbilled"])
@pytest.mark.parametrize("pair", ["fr-fr", "us-us", "in-in", "de-small"])
def test_our_own_documents_are_right_to_us(pair, kind):
    one = kinds_of(made(pair))[kind]

    assert read(ubl_of(one)).findings == ()
    assert read(cii_of(one)).findings == ()


@pytest.mark.parametrize(
    ("old", "new", "rules"),
    [
        (b">646.00<", b">650.00<", {"BR-CO-15", "BR-CO-17"}),
        (b"<ram:LineTotalAmount>3333.34<", b"<ram:LineTotalAmount>3333.35<", {"BR-CO-10"}),
        (b"EUR", b"XAU", {"BR-CL-04"}),
        (b"<ram:CountryID>DE</ram:CountryID>", b"", {"BR-09", "BR-11"}),
        (
            b"<ram:GrandTotalAmount>4046.01<",
            b"<ram:GrandTotalAmount>4046.02<",
            {"BR-CO-15", "BR-CO-16"},
        ),
    ],
)
def test_what_is_wrong_is_listed_by_rule(old, new, rules):
    assert old in CII

    found = {finding.rule for finding in read(CII.replace(old, new)).findings}

    assert rules <= found
    assert found - rules <= {"XSD", "BR-CO-17", "BR-CO-14"}


def test_what_the_schema_refuses_is_listed_with_its_line():
    broken = read(UBL.replace(b"<cbc:IssueDate>2026-11-23</cbc:IssueDate>", b""))

    assert {"XSD", "BR-03"} <= {finding.rule for finding in broken.findings}
    assert not broken.is_complete


def attaching(content, **saving):
    """A PDF with this as its factur-x.xml."""
    written = io.BytesIO()
    with pikepdf.new() as one:
        one.add_blank_page()
        one.attachments["factur-x.xml"] = content
        one.save(written, **saving)
    return written.getvalue()


def packed(kind, content):
    """The same with the attachment's stream as it is, said to be packed in some way."""
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(attaching(b"to be replaced"))) as one:
        stream = one.attachments["factur-x.xml"].get_file().obj
        stream.write(content, filter=pikepdf.Name(kind))
        one.save(written)
    return written.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        attaching(UBL),
        attaching(UBL, compress_streams=False),
        packed("/FlateDecode", zlib.compress(UBL)),
    ],
    ids=["saved", "plain", "packed"],
)
def test_the_attachment_is_read_however_it_is_kept(content):
    assert read(content).findings == ()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "amount",
    ["NaN", "sNaN", "Infinity", "1E+999999999", "1e3", "-0.01", "abc", "٣", "1" * 16, "0.00001"],
)
@pytest.mark.parametrize(
    ("content", "total"), [(UBL, b">3400.01<"), (CII, b">4046.01<")], ids=["ubl", "cii"]
)
def test_a_total_that_no_record_can_hold_is_a_broken_rule(freelancer, content, total, amount):
    with pytest.raises(ForeignIncomplete) as refusal:
        keep(content.replace(total, f">{amount}<".encode()), freelancer, accepts=True)

    assert "BR-14" in {error.code for error in refusal.value.errors}
    assert not ForeignInvoice.objects.exists()


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E+99999999"])
@pytest.mark.parametrize("figure", [b">19<", b">646.00<", b">3400.01<"])
def test_figures_that_are_none_break_a_rule(figure, amount):
    assert figure in CII

    assert read(CII.replace(figure, f">{amount}<".encode())).findings


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (UBL.replace(b"urn:cen.eu:en16931:2017", b"urn:example"), "BR-01"),
        (CII.replace(b"urn:cen.eu:en16931:2017", b""), "BR-01"),
        (
            UBL.replace(b"<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>", b""),
            "BR-05",
        ),
    ],
    ids=["other profile", "no profile", "no currency"],
)
def test_what_keeps_a_document_from_being_read_has_a_rule_too(content, rule):
    with pytest.raises(Unreadable, match=f"^{rule}: "):
        read(content)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nothing",
        b"<a/>",
        b"%PDF-1.7 broken",
        b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + UBL.split(b"?>", 1)[-1],
        b"x" * (5 * 1024 * 1024 + 1),
        render_pdf(made("de-de"), cii=None),
        attaching(UBL, encryption=pikepdf.Encryption(owner="owner", user="user")),
        packed("/FlateDecode", zlib.compress(UBL + b" " * LARGEST)),
        packed("/FlateDecode", b"not packed"),
        packed("/LZWDecode", UBL),
    ],
    ids=[
        *("empty", "text", "xml", "pdf", "doctype", "large", "page"),
        *("locked", "bomb", "broken stream", "old packing"),
    ],
)
def test_what_is_no_invoice_is_refused(freelancer, content):
    with pytest.raises(ForeignUnreadable):
        keep(content, freelancer)
    assert not ForeignInvoice.objects.exists()


@pytest.mark.django_db
def test_it_is_kept_once_as_it_came(freelancer, staff):
    invoice = keep(UBL, freelancer, staff)

    assert (invoice.number, invoice.type_code, invoice.seller_name) == (
        "K7QM-2026-00012",
        "380",
        "Lovelace Engines GmbH",
    )
    assert (str(invoice.total), invoice.file_name) == ("€3,400.01", "studio.xml")
    assert (bytes(invoice.content), invoice.findings) == (UBL, [])
    assert invoice.terms["BG-23"][0]["BT-118"] == "AE"
    assert AuditEvent.objects.get(event="foreign_invoice.imported").target == invoice.public_id
    before = checksums()
    with pytest.raises(ForeignImported):
        keep(UBL, freelancer, staff)
    assert checksums() == before
    assert integrity.differences() == []


@pytest.mark.django_db
def test_broken_rules_have_to_be_accepted(freelancer, staff):
    with pytest.raises(ForeignIncomplete) as refusal:
        keep(WRONG, freelancer, staff)
    assert {error.code for error in refusal.value.errors} >= {"BR-CO-15"}
    assert not ForeignInvoice.objects.exists()

    kept = keep(WRONG, freelancer, staff, accepts=True)

    assert {found["rule"] for found in kept.findings} >= {"BR-CO-15"}
    nameless = UBL.replace(b"<cbc:ID>K7QM-2026-00012</cbc:ID>", b"<cbc:ID></cbc:ID>")
    with pytest.raises(ForeignIncomplete):
        keep(nameless, freelancer, staff, accepts=True)


@pytest.mark.django_db
def test_people_import_for_themselves_and_only_staff_for_others(freelancer, stranger):
    with pytest.raises(PermissionRefused):
        keep(UBL, freelancer, stranger)
    assert not ForeignInvoice.objects.exists()

    keep(UBL, freelancer, freelancer)
    keep(UBL, stranger, stranger)

    kept = ForeignInvoice.objects.order_by("pk").values_list("user", "imported_by")
    assert list(kept) == [(freelancer.pk,) * 2, (stranger.pk,) * 2]


@pytest.mark.django_db
def test_nobody_keeps_more_than_is_reasonable(freelancer, monkeypatch):
    monkeypatch.setattr("invoicing.services.foreign.MOST_KEPT", 1)
    keep(UBL, freelancer)

    with pytest.raises(ForeignLimit):
        keep(CII, freelancer)
    assert ForeignInvoice.objects.count() == 1


@pytest.mark.django_db
def test_the_command_lists_and_keeps(freelancer, tmp_path, capsys):
    right, wrong = tmp_path / "right.xml", tmp_path / "wrong.xml"
    right.write_bytes(UBL)
    wrong.write_bytes(WRONG)

    call_command("import_invoice", right, "--check")
    assert capsys.readouterr().out == "No rule is broken.\n"
    with pytest.raises(CommandError, match="rules are broken"):
        call_command("import_invoice", wrong, "--check")
    assert "BR-CO-15: " in capsys.readouterr().out
    with pytest.raises(CommandError, match="Nobody has the address"):
        call_command("import_invoice", right)
    assert not ForeignInvoice.objects.exists()
    call_command("import_invoice", right, "--user", freelancer.email, "--side", "sent")
    kept = ForeignInvoice.objects.get()
    assert (kept.user, kept.side, kept.imported_by) == (freelancer, "sent", None)
    with pytest.raises(CommandError, match="was imported before"):
        call_command("import_invoice", right, "--user", freelancer.email)


@pytest.mark.django_db
def test_staff_upload_and_read_what_is_wrong(client_for, staff, freelancer):
    browser, page = client_for(staff), reverse("admin:invoicing_foreigninvoice_import")

    def post(content, **changes):
        given = {"email": freelancer.email, "side": "received", **changes}
        return browser.post(page, {**given, "file": io.BytesIO(content)})

    assert browser.get(page).status_code == 200
    text = post(WRONG).content.decode()
    assert "BR-CO-15" in text
    assert "BR-CO-15" not in post(UBL, email="nobody@example.com").content.decode()
    assert not ForeignInvoice.objects.exists()
    answer = post(WRONG, accepts_findings="on")
    kept = ForeignInvoice.objects.get()
    assert answer["Location"] == reverse("admin:invoicing_foreigninvoice_change", args=[kept.pk])
    shown = browser.get(answer["Location"]).content.decode()
    assert "BR-CO-15" in shown
    file = browser.get(reverse("admin:invoicing_foreigninvoice_file", args=[kept.pk]))
    assert file.content == WRONG
    assert "imported before" in post(WRONG, accepts_findings="on").content.decode()
    assert (
        reverse("admin:invoicing_foreigninvoice_import")
        in browser.get(reverse("admin:invoicing_foreigninvoice_changelist")).content.decode()
    )


@pytest.mark.django_db
def test_its_user_sees_and_downloads_it(client_for, freelancer, stranger):
    invoice = keep(UBL, freelancer)
    page, file = (
        reverse("invoicing:foreign"),
        reverse("invoicing:foreign-file", args=[invoice.public_id]),
    )

    assert "K7QM-2026-00012" in client_for(freelancer).get(page).content.decode()
    assert client_for(freelancer).get(file).content == UBL
    assert "K7QM-2026-00012" not in client_for(stranger).get(page).content.decode()
    assert client_for(stranger).get(file).status_code == 404


@pytest.mark.django_db
def test_people_keep_one_in_the_browser(client_for, freelancer):
    browser, page = client_for(freelancer), reverse("invoicing:foreign")

    def post(content, **changes):
        return browser.post(page, {"side": "received", **changes, "file": io.BytesIO(content)})

    refused = post(WRONG)
    assert refused.status_code == 422
    assert "BR-CO-15" in refused.content.decode()
    assert post(b"nothing").status_code == 422
    assert post(b"x" * (LARGEST + 1)).status_code == 422
    assert not ForeignInvoice.objects.exists()
    assert post(UBL).status_code == 302
    assert post(WRONG, accepts_findings="on", side="sent").status_code == 302
    again = post(UBL)
    assert (again.status_code, "imported before" in again.content.decode()) == (422, True)
    kept = ForeignInvoice.objects.order_by("pk").values_list("user", "side", "imported_by")
    assert list(kept) == [
        (freelancer.pk, "received", freelancer.pk),
        (freelancer.pk, "sent", freelancer.pk),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("invoicing_foreign_side_valid", {"side": "'both'"}),
        ("invoicing_foreign_format_valid", {"format": "'doc'"}),
        ("invoicing_foreign_total_not_negative", {"total": "-1"}),
        ("invoicing_foreign_digest_valid", {"digest": "'x'"}),
        ("invoicing_foreign_kept_once_by_each", {"digest": "digest"}),
    ],
)
def test_the_database_refuses_such_a_record(freelancer, rule, changes):
    fresh = {"digest": f"'{'0' * 64}'"}

    keep(UBL, freelancer)
    with refused_by(rule):
        copy(ForeignInvoice.objects.get(), **{**fresh, **changes})


@pytest.mark.django_db
@pytest.mark.parametrize("statement", REWRITES)
def test_a_record_is_kept(freelancer, statement):
    keep(UBL, freelancer)

    with refused_by("invoicing_foreign_invoice_immutable"):
        rewrite_all(statement, "invoicing_foreigninvoice", "number")
