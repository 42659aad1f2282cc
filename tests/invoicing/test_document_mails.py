"""The mail about an invoice goes out once its files are there, and carries them."""

import pytest
from django.core import mail

from accounts.services.attachments import AttachmentMissing, attachments_of
from gigs.models import Project
from invoicing.services import documents_keep, documents_make, documents_render
from outbox.models import Job
from tests.builders import (
    active_project,
    approved_milestone,
    invoice_draft,
    run_jobs,
    sent_draft,
    sent_invoice,
    started_completion_project,
    with_extra,
)
from tests.factories import AT
from tests.parties import buyer, seller

pytestmark = pytest.mark.django_db

EURO = {"currency": "EUR", "budget": "10000.00"}


def taxed_invoice():
    return sent_invoice(active_project(commissioner=buyer(), freelancer=seller(), **EURO))


def issued_mails():
    return Job.objects.filter(topic="mail.send", payload__template="invoice_issued")


def test_the_mail_waits_for_the_documents():
    invoice = taxed_invoice()
    assert not issued_mails().exists()

    run_jobs("invoice.document")

    job = issued_mails().get()
    assert job.payload["to"] == invoice.buyer.email
    assert job.payload["context"]["files"] == {"files": ["invoice", invoice.public_id]}


def test_the_mail_carries_page_and_electronic_invoice():
    invoice = taxed_invoice()
    run_jobs("invoice.document")

    run_jobs("mail.send")

    [message] = [one for one in mail.outbox if one.subject == f"Invoice {invoice.number}"]
    kept = {file.kind: bytes(file.content) for file in invoice.documents.all()}
    names = [f"{invoice.number}{ending}" for ending in (".pdf", "-ubl.xml", "-cii.xml")]
    assert [name for name, _, _ in message.attachments] == names
    contents = [
        content if isinstance(content, bytes) else content.encode()
        for _, content, _ in message.attachments
    ]
    assert contents == [kept["pdf"], kept["ubl"], kept["cii"]]
    assert f"Attached: {', '.join(names)}" in message.body


def about(project, kind):
    run_jobs("invoice.document", "mail.send")
    invoice = project.invoices.get(kind=kind)
    [message] = [one for one in mail.outbox if one.subject == f"Invoice {invoice.number}"]
    [html] = [content for content, _ in message.alternatives]
    [line] = [line for line in message.body.splitlines() if line.startswith("This is")]
    assert line in html
    return line


def test_the_mail_says_what_the_invoice_is_for():
    by_milestone = active_project(title="Museum")
    approved_milestone(by_milestone)
    whole = started_completion_project(title="Library")
    sent_draft(invoice_draft(with_extra(active_project(title="Archive"))))
    extra = Project.objects.get(title="Archive")
    for position in (1, 2):
        approved_milestone(whole, position=position)
    run_jobs("milestone.approved")

    assert about(by_milestone, "milestone") == (
        "This is the invoice for “Part 1”, which is approved."
    )
    assert about(whole, "upfront") == (
        "This is the upfront invoice for “Library”: work begins once it is paid."
    )
    assert about(whole, "final") == (
        "This is the final invoice for “Library”: all of its work is approved."
    )
    assert about(extra, "manual") == "This is an invoice for extra work in “Archive”."


def test_without_legal_data_the_mail_carries_the_page_alone():
    invoice = sent_invoice()
    run_jobs("invoice.document", "mail.send")

    [message] = [one for one in mail.outbox if one.subject == f"Invoice {invoice.number}"]

    assert [name for name, _, _ in message.attachments] == [f"{invoice.number}.pdf"]


def test_what_is_too_large_is_left_out(settings):
    invoice = taxed_invoice()
    documents_make(invoice_ids=[invoice.pk], at=AT)
    sizes = {file.kind: len(file.content) for file in invoice.documents.all()}

    settings.MAIL_ATTACHMENT_LIMIT = sizes["pdf"] - 1
    without_page = [file.name for file in attachments_of("invoice", invoice.public_id)]
    settings.MAIL_ATTACHMENT_LIMIT = sizes["ubl"] - 1
    smallest = [file.name for file in attachments_of("invoice", invoice.public_id)]

    assert without_page == [f"{invoice.number}-ubl.xml", f"{invoice.number}-cii.xml"]
    assert smallest == ([f"{invoice.number}-cii.xml"] if sizes["cii"] < sizes["ubl"] else [])


def test_making_documents_twice_asks_for_one_mail():
    invoice = taxed_invoice()
    first = documents_render(invoice_ids=[invoice.pk], at=AT)
    second = documents_render(invoice_ids=[invoice.pk], at=AT)

    documents_keep(documents=first)
    documents_keep(documents=second)

    assert issued_mails().count() == 1


def test_a_mail_whose_files_are_missing_is_tried_again():
    invoice = taxed_invoice()

    with pytest.raises(AttachmentMissing):
        attachments_of("invoice", invoice.public_id)
