"""Logos: read by their content, written anew, printed on invoices and frozen with them."""

import io
import struct
import zlib

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image, PngImagePlugin

from accounts.models import AuditEvent, Logo
from accounts.services import logo_remove, logo_save
from common.exceptions import Invalid
from common.images import ImageError, plain_picture
from invoicing.documents.files import files_of
from invoicing.documents.stored import from_json
from invoicing.services import documents_make
from tests.builders import active_project, sent_invoice
from tests.factories import AT
from tests.parties import buyer, seller
from tests.rules import REWRITES, copy, refused_by, rewrite_all


def picture(mode="RGB", size=(60, 20), kind="PNG", **options):
    drawn = Image.new(mode, size, 0 if mode in ("L", "P") else (200, 30, 30, 0)[: len(mode)])
    written = io.BytesIO()
    drawn.save(written, kind, **options)
    return written.getvalue()


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("RGB", "PNG"),
        ("RGBA", "PNG"),
        ("L", "PNG"),
        ("P", "PNG"),
        ("RGB", "JPEG"),
        ("CMYK", "JPEG"),
    ],
)
def test_every_picture_becomes_a_plain_png_on_white(mode, kind):
    made = plain_picture(picture(mode, kind=kind), width=900, height=300)

    opened = Image.open(io.BytesIO(made.content))
    assert (opened.format, opened.mode, opened.size) == ("PNG", "RGB", (60, 20))
    assert (made.width, made.height) == (60, 20)
    assert set(opened.info) == set()
    if mode == "RGBA":
        assert opened.getpixel((0, 0)) == (255, 255, 255)


def test_what_comes_along_is_left_out_and_large_ones_are_made_smaller():
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "secret")

    made = plain_picture(picture(size=(3000, 1000), pnginfo=words), width=900, height=300)

    assert (made.width, made.height) == (900, 300)
    assert b"secret" not in made.content


def claiming(width, height):
    """A small file whose head says that the picture is huge."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return picture()[:12] + head + struct.pack(">I", zlib.crc32(head)) + picture()[33:]


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture(kind="GIF"),
        picture()[:40],
        b"x" * (2 * 1024 * 1024 + 1),
        picture("L", size=(8000, 2001)),
        claiming(12_000, 10_000),
        claiming(60_000, 60_000),
    ],
    ids=["empty", "head", "svg", "gif", "cut", "bytes", "pixels", "claim", "bomb"],
)
def test_what_is_no_such_picture_is_refused(content):
    with pytest.raises(ImageError):
        plain_picture(content, width=900, height=300)


@pytest.mark.django_db
def test_a_logo_is_printed_and_frozen_with_the_invoice():
    freelancer = seller()
    logo = logo_save(content=picture(), by=freelancer, at=AT)
    invoice = sent_invoice(
        active_project(commissioner=buyer(), freelancer=freelancer, currency="EUR")
    )
    logo_save(content=picture(size=(90, 30)), by=freelancer, at=AT)
    logo_remove(by=freelancer, at=AT)

    documents_make(invoice_ids=[invoice.pk], at=AT)

    kept = {file.kind: bytes(file.content) for file in invoice.documents.all()}
    document = from_json(kept["data"])
    assert document.logo == logo.digest
    again = files_of(document, logo=bytes(Logo.objects.get(digest=document.logo).content))
    assert (again.pdf, again.ubl, again.data) == (kept["pdf"], kept["ubl"], kept["data"])
    assert files_of(document).pdf != kept["pdf"]
    with pikepdf.open(io.BytesIO(kept["pdf"])) as pdf:
        images = [one for one in pdf.objects if _is_image(one)]
        [shown] = images
        assert (shown.Width, shown.Height, str(shown.ColorSpace[0])) == (60, 20, "/ICCBased")
        assert "/SMask" not in shown
        assert "/OutputIntents" in pdf.Root
    events = AuditEvent.objects.filter(event="user.logo_changed")
    assert events.count() == 3


def _is_image(one):
    return isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Image"


@pytest.mark.django_db
def test_the_next_invoice_has_none_once_it_is_removed(freelancer):
    logo_save(content=picture(), by=freelancer, at=AT)
    logo_remove(by=freelancer, at=AT)
    logo_remove(by=freelancer, at=AT)

    invoice = sent_invoice(active_project(freelancer=freelancer))

    assert invoice.seller_copy["logo"] == ""
    assert Logo.objects.count() == 1


@pytest.mark.django_db
def test_freelancers_put_it_there_in_the_settings(client_for, freelancer, commissioner):
    browser, page = client_for(freelancer), reverse("accounts:logo")

    def post(content):
        return browser.post(page, {"file": SimpleUploadedFile("logo.png", content)})

    refused = post(b"no picture")
    assert refused.status_code == 422
    assert "This is no PNG or JPEG picture." in refused.content.decode()
    assert browser.get(reverse("accounts:logo-picture")).status_code == 404
    assert post(picture()).status_code == 302
    shown = browser.get(reverse("accounts:logo-picture"))
    assert (shown["Content-Type"], shown.content) == (
        "image/png",
        bytes(Logo.objects.get().content),
    )
    assert (
        reverse("accounts:logo-picture") in browser.get(reverse("accounts:legal")).content.decode()
    )
    assert browser.post(reverse("accounts:logo-remove")).status_code == 302
    freelancer.refresh_from_db()
    assert freelancer.logo_digest == ""
    other = client_for(commissioner)
    assert other.post(page, {"file": SimpleUploadedFile("a.png", picture())}).status_code == 403
    assert other.get(reverse("accounts:logo-picture")).status_code == 404


@pytest.mark.django_db
def test_a_refused_picture_changes_nothing(freelancer):
    with pytest.raises(Invalid, match="no PNG or JPEG"):
        logo_save(content=b"no picture", by=freelancer, at=AT)
    assert not Logo.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rule", "changes"),
    [("accounts_logo_kept_once", {}), ("accounts_logo_digest_valid", {"digest": "'x'"})],
)
def test_the_database_refuses_such_a_logo(freelancer, rule, changes):
    logo = logo_save(content=picture(), by=freelancer, at=AT)

    with refused_by(rule):
        copy(logo, **changes)


@pytest.mark.django_db
@pytest.mark.parametrize("statement", REWRITES)
def test_a_logo_is_kept(freelancer, statement):
    logo_save(content=picture(), by=freelancer, at=AT)

    with refused_by("accounts_logo_immutable"):
        rewrite_all(statement, "accounts_logo", "width")
