"""Sending the same draft, and two drafts that do not both fit, at once."""

from functools import partial

import pytest

from invoicing.models import Invoice
from invoicing.services import draft_send
from tests.builders import active_project, invoice_draft, with_extra
from tests.factories import AT
from tests.races.threads import TIMES, Outcome, at_once, race_seen, tally
from wallets import integrity

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def send_at_once() -> list[Outcome]:
    draft = invoice_draft()
    return at_once(*[partial(draft_send, draft_id=draft.pk, by=draft.seller, at=AT)] * TIMES)


def test_sending_makes_one_invoice():
    outcomes = send_at_once()

    assert tally(outcomes) == {"done": 1, "DraftTransitionRefused": TIMES - 1}
    assert Invoice.objects.get().position == 1


def test_sending_without_locks_is_stopped_by_the_database():
    def attempt() -> bool:
        return any(outcome.was_stopped_by_the_database for outcome in send_at_once())

    assert race_seen(attempt)


def test_of_many_drafts_as_many_are_sent_as_fit():
    project = with_extra(active_project(), "750.00")
    drafts = [invoice_draft(project) for _ in range(6)]

    outcomes = at_once(
        *[partial(draft_send, draft_id=draft.pk, by=draft.seller, at=AT) for draft in drafts]
    )

    assert tally(outcomes) == {"done": 2, "ExceedsAgreed": 4}
    project.refresh_from_db()
    assert (project.extra_invoiced_minor, project.invoiced_minor) == (75_000, 75_000)
    assert integrity.differences() == []
