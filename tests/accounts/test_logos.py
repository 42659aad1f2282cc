"""Logos: read by their content, written anew, printed on invoices and frozen with them."""

import io
import struct
import zlib
from base64 import b64encode

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image, PngImagePlugin

from accounts.models import AuditEvent, Logo
from accounts.services import logo_remove, logo_save, organisation_logo_save, role_add
from common.exceptions import Invalid
from common.images import ImageError, plain_picture
from invoicing.documents.files import files_of
from invoicing.documents.stored import from_json
from invoicing.services import documents_make
from tests.builders import active_project, sent_invoice
from tests.factories import AT
from tests.parties import buyer, organisation, seller
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
        images = [one for one in pdf.objects if is_image(one)]
        [shown] = images
        assert (shown.Width, shown.Height, str(shown.ColorSpace[0])) == (60, 20, "/ICCBased")
        assert "/SMask" not in shown
        assert "/OutputIntents" in pdf.Root
    events = AuditEvent.objects.filter(event="user.logo_changed")
    assert events.count() == 3


def is_image(one):
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
def test_commissioners_put_their_organisations_there_too(client_for, commissioner, freelancer):
    browser, page = client_for(commissioner), reverse("accounts:organisation-logo")
    remove = reverse("accounts:organisation-logo-remove")
    shown_at = reverse("accounts:organisation-logo-picture")

    def post(content, browser=browser):
        return browser.post(page, {"file": SimpleUploadedFile("logo.png", content)})

    settings = browser.get(reverse("accounts:legal")).content.decode()
    assert "The logo of your organisation" not in settings
    assert (post(picture()).status_code, Logo.objects.count()) == (404, 0)
    assert browser.post(remove).status_code == 404
    museum = organisation(owner=commissioner)
    refused = post(b"no picture")
    assert refused.status_code == 422
    assert "This is no PNG or JPEG picture." in refused.content.decode()
    assert browser.get(shown_at).status_code == 404

    assert post(picture()).status_code == 302

    logo = Logo.objects.get()
    museum.refresh_from_db()
    assert museum.logo_digest == logo.digest
    shown = browser.get(shown_at)
    assert (shown["Content-Type"], shown.content) == ("image/png", bytes(logo.content))
    settings = browser.get(reverse("accounts:legal")).content.decode()
    assert f'src="{shown_at}?{logo.digest[:8]}"' in settings
    other = client_for(freelancer)
    assert post(picture(), other).status_code == 403
    assert other.post(remove).status_code == 403
    assert other.get(shown_at).status_code == 404
    museum.refresh_from_db()
    assert museum.logo_digest == logo.digest
    assert browser.post(remove).status_code == 302
    museum.refresh_from_db()
    assert museum.logo_digest == ""


@pytest.mark.django_db
def test_whoever_has_both_roles_has_two_logos(client_for, commissioner):
    user = role_add(role="freelancer", by=commissioner, at=AT)
    museum = organisation(owner=user)
    own = logo_save(content=picture(), by=user, at=AT)
    its = organisation_logo_save(content=picture(size=(90, 30)), by=user, at=AT)
    same = organisation_logo_save(content=picture(), by=user, at=AT)

    assert (same, Logo.objects.count()) == (own, 2)
    organisation_logo_save(content=picture(size=(90, 30)), by=user, at=AT)
    user.refresh_from_db()
    museum.refresh_from_db()
    assert (user.logo_digest, museum.logo_digest) == (own.digest, its.digest)
    page = client_for(user).get(reverse("accounts:legal")).content.decode()
    assert page.count('id="id_file"') == page.count('id="organisation-file"') == 1


@pytest.mark.django_db
def test_staff_see_logos(client_for, staff, commissioner, freelancer):
    museum = organisation(owner=commissioner)
    own = logo_save(content=picture(), by=freelancer, at=AT)
    browser = client_for(staff)

    def shown(model, row):
        return browser.get(
            reverse(f"admin:accounts_{model}_change", args=[row.pk])
        ).content.decode()

    def printed(logo):
        return f"data:image/png;base64,{b64encode(bytes(logo.content)).decode()}"

    assert printed(own) in shown("user", freelancer)
    assert "data:image/png" not in shown("organisation", museum)
    its = organisation_logo_save(content=picture(size=(90, 30)), by=commissioner, at=AT)
    assert printed(its) in shown("organisation", museum)
    assert "data:image/png" not in shown("user", commissioner)


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
