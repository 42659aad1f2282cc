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
    completion_project,
    fund,
    held_project,
    invoice_draft,
    pay,
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


def told_sellers():
    jobs = Job.objects.filter(topic="mail.send", payload__template="invoice_issued_for_you")
    return [job.payload["to"] for job in jobs.order_by("pk")]


def test_the_freelancer_hears_of_what_is_issued_in_their_name():
    invoice = taxed_invoice()
    run_jobs("invoice.document", "mail.send")

    [message] = [one for one in mail.outbox if "in your name" in one.subject]

    assert message.to == [f"{invoice.seller.name} <{invoice.seller.email}>"]
    assert message.subject == f"Issued in your name: invoice {invoice.number}"
    assert message.body.split("\n\n")[1:4] == [
        f"Invoice {invoice.number} was issued in your name and went to {invoice.buyer.name}."
        " This is the invoice for “Part 1”, which is approved.",
        "Total: 3,966.67 EUR\nDue: 30 November 2026",
        "You are told again when it is paid. If it is not right, you can object until"
        " 3 December 2026.\n"
        f"Attached: {', '.join(name for name, _, _ in message.attachments)}",
    ]
    assert [name for name, _, _ in message.attachments] == [
        f"{invoice.number}{ending}" for ending in (".pdf", "-ubl.xml", "-cii.xml")
    ]


def test_the_freelancer_hears_of_an_upfront_invoice():
    project = completion_project()
    run_jobs("project.awaits_upfront", "invoice.document")

    assert told_sellers() == [project.freelancer.email]


def test_the_freelancer_does_not_hear_of_what_held_funds_pay_at_once():
    project = held_project()
    fund(project)
    approved_milestone(project)

    run_jobs("milestone.approved", "invoice.document")

    assert issued_mails().count() == 1
    assert told_sellers() == []
    run_jobs("mail.send")
    [message] = [one for one in mail.outbox if one.subject.startswith("Invoice ")]
    assert "Total: 3,333.34 USD\nDue: nothing, it is paid" in message.body


def test_the_freelancer_does_not_hear_of_what_was_paid_before_its_documents_were_made():
    pay(taxed_invoice())

    run_jobs("invoice.document")

    assert told_sellers() == []


def test_the_freelancer_does_not_hear_of_what_they_sent_by_hand():
    sent_draft()

    run_jobs("invoice.document")

    assert issued_mails().count() == 1
    assert told_sellers() == []


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
    assert len(told_sellers()) == 1


def test_a_mail_whose_files_are_missing_is_tried_again():
    invoice = taxed_invoice()

    with pytest.raises(AttachmentMissing):
        attachments_of("invoice", invoice.public_id)
