"""Invoices by hand in the browser, without JavaScript."""

from decimal import Decimal

import pytest
from django.urls import reverse

from gigs.models import Project
from invoicing.models import Invoice, InvoiceDraft
from tests.builders import active_project, invoice_draft, with_extra

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def project(commissioner, freelancer):
    return active_project(commissioner=commissioner, freelancer=freelancer)


def written(*lines, **values):
    data = {"lines-TOTAL_FORMS": len(lines) + 1, "lines-INITIAL_FORMS": 0, **values}
    for index, (text, quantity, unit, price) in enumerate(lines):
        data |= {
            f"lines-{index}-description": text,
            f"lines-{index}-quantity": quantity,
            f"lines-{index}-unit": unit,
            f"lines-{index}-price": price,
        }
    return data


def test_from_extra_work_to_a_sent_invoice(client_for, project, commissioner, freelancer):
    buyer, seller = client_for(commissioner), client_for(freelancer)
    extra = reverse("projects:extra", args=[project.public_id])
    assert extra in buyer.get(reverse("projects:detail", args=[project.public_id])).content.decode()
    assert buyer.post(extra, {"amount": "500", "reason": ""}).status_code == 422
    agreed = buyer.post(extra, {"amount": "500", "reason": "The archive"})
    assert agreed.url == reverse("projects:detail", args=[project.public_id])
    assert "The archive" in buyer.get(extra).content.decode()

    new = reverse("invoicing:new")
    assert new in seller.get(reverse("invoicing:list")).content.decode()
    assert (
        f'value="{project.public_id}" selected'
        in seller.get(f"{new}?project={project.public_id}").content.decode()
    )
    lines = [("Moving", "7.5", "HUR", "50.00"), ("Boxes", "3", "C62", "0.33")]
    kept = seller.post(new, written(*lines, project=project.public_id))

    draft = InvoiceDraft.objects.get()
    assert kept.url == reverse("invoicing:draft", args=[draft.public_id])
    page = seller.get(kept.url).content.decode()
    assert ("375.99" in page, 'value="Moving"' in page) == (True, True)
    assert kept.url in seller.get(reverse("invoicing:list")).content.decode()
    assert buyer.get(kept.url).status_code == 404
    send = reverse("invoicing:send", args=[draft.public_id])
    assert f'form="draft-form" formaction="{send}"' in page
    sent = seller.post(send, written(("Moving", "2", "HUR", "50.00")))
    assert sent.url == reverse("invoicing:detail", args=[draft.public_id])
    assert "100.00" in buyer.get(sent.url).content.decode()
    assert "is sent" in seller.get(kept.url).content.decode()
    late = seller.post(kept.url, written(("Moving", "9", "HUR", "50.00")))
    assert (late.status_code, "This draft is sent already." in late.content.decode()) == (422, True)


def test_lines_that_cannot_be_kept_stay_on_the_screen(client_for, project, freelancer):
    draft = invoice_draft(with_extra(project))
    huge = written(*[("Moving", "9999999", "HUR", "99999999999.00")])

    for name in ("draft", "send"):
        answer = client_for(freelancer).post(
            reverse(f"invoicing:{name}", args=[draft.public_id]), huge
        )
        page = answer.content.decode()
        assert (answer.status_code, 'value="9999999"' in page) == (422, True)
        assert "within limits" in page
    draft.refresh_from_db()
    assert (draft.status, [line.quantity for line in draft.lines]) == ("draft", [Decimal("7.50")])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "Write at least one line."),
        ([("Moving", "", "HUR", "50")], "Each line needs a description, a quantity and a price."),
        ([("Moving", "1", "HUR", "0")], "more than zero"),
        ([("Moving", "NaN", "HUR", "1")], "Enter a number."),
    ],
)
def test_lines_that_make_no_invoice_are_shown_again(
    client_for, project, freelancer, lines, message
):
    with_extra(project)
    answer = client_for(freelancer).post(
        reverse("invoicing:new"), written(*lines, project=project.public_id)
    )

    assert (answer.status_code, message in answer.content.decode()) == (422, True)
    assert not InvoiceDraft.objects.exists()


def test_a_draft_beyond_what_is_agreed_stays_a_draft(client_for, project, freelancer):
    draft = invoice_draft(project)
    client = client_for(freelancer)

    answer = client.post(
        reverse("invoicing:send", args=[draft.public_id]), written(("Boxes", "3", "C62", "9.00"))
    )

    page = answer.content.decode()
    assert (answer.status_code, "are agreed for extra work" in page) == (422, True)
    assert ('value="Boxes"' in page, 'value="9.00"' in page) == (True, True)
    assert f'action="{reverse("invoicing:draft", args=[draft.public_id])}"' in page
    assert not Invoice.objects.exists()
    draft.refresh_from_db()
    assert [line.description for line in draft.lines] == ["Moving the archive"]
    client.post(reverse("invoicing:cancel", args=[draft.public_id]))
    draft.refresh_from_db()
    assert draft.status == "cancelled"


def test_drafts_and_extra_work_have_their_doors(
    client_for, project, commissioner, freelancer, stranger
):
    draft = invoice_draft(project)
    draft_page = reverse("invoicing:draft", args=[draft.public_id])
    extra = reverse("projects:extra", args=[project.public_id])

    assert client_for(None).get(draft_page).status_code == 302
    assert client_for(stranger).get(draft_page).status_code == 404
    assert client_for(commissioner).get(draft_page).status_code == 404
    assert client_for(commissioner).get(reverse("invoicing:new")).status_code == 403
    assert client_for(freelancer).get(extra).status_code == 403
    assert client_for(stranger).get(extra).status_code == 404
    assert Project.objects.get().extra_minor == 0
