"""The platform's own logo on the documents for its fees."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.models import Logo
from invoicing.documents.files import files_of
from invoicing.documents.stored import from_json
from invoicing.enums import DocumentKind
from invoicing.models import FeeInvoice
from tests.accounts.test_logos import picture
from tests.builders import active_project, paid_invoice, run_jobs
from tests.parties import buyer, seller
from tests.rules import copy, refused_by
from tests.wallets.test_fee_billing import EURO, PLATFORM, later
from wallets.services.fee_billing import fees_bill

pytestmark = pytest.mark.django_db


@pytest.fixture
def billed(settings, tmp_path):
    """Bills the fee of one invoice, while the setting names a file with this content."""

    def bill(content):
        settings.PLATFORM_LEGAL = PLATFORM
        settings.PLATFORM_LOGO = str(tmp_path / "logo.png")
        (tmp_path / "logo.png").write_bytes(content)
        paid_invoice(active_project(commissioner=buyer(), freelancer=seller(), **EURO))
        fees_bill(at=later())
        run_jobs("fee_invoice.document")
        return FeeInvoice.objects.get()

    return bill


def test_it_is_printed_and_frozen_with_the_document(billed, settings):
    invoice = billed(picture(size=(60, 20)))

    logo = Logo.objects.get()
    document = from_json(invoice.snapshot.encode())
    kept = {file.kind: bytes(file.content) for file in invoice.documents.all()}
    assert (logo.user, document.logo) == (None, logo.digest)
    assert files_of(document, logo=bytes(logo.content)).pdf == kept[DocumentKind.PDF]
    assert files_of(document).pdf != kept[DocumentKind.PDF]
    assert b"logo" not in kept[DocumentKind.UBL].lower()


def test_without_the_setting_there_is_none(settings):
    paid_invoice()
    fees_bill(at=later())

    assert from_json(FeeInvoice.objects.get().snapshot.encode()).logo == ""
    assert not Logo.objects.exists()


def test_a_file_that_is_no_picture_stops_the_billing(billed):
    with pytest.raises(ImproperlyConfigured, match="PLATFORM_LOGO: This is no PNG or JPEG"):
        billed(b"no picture")

    assert not FeeInvoice.objects.exists()
    assert not Logo.objects.exists()


def test_the_platform_keeps_each_logo_once(billed):
    billed(picture())

    with refused_by("accounts_logo_kept_once"):
        copy(Logo.objects.get())
