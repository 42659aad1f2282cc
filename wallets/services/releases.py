"""Held money that goes back: it becomes its commissioner's credit, by a journal of its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from djmoney.money import Money

from accounts import audit
from accounts.models import User
from accounts.services.mail import Mail, Page, mail_enqueue
from common.money import from_minor, share_of
from gigs.exceptions import NothingHeld
from gigs.models import Milestone
from gigs.services import GivenUp, milestone_give_back, refund_grant, refund_time_out
from gigs.services.giving_back import locked_with_project
from invoicing.services import totals_on
from wallets import ledger
from wallets.enums import AccountKind, FundingStatus, JournalKind, ReleaseCause
from wallets.ledger import AccountSpec, JournalDraft, Leg, Posted
from wallets.models import MilestoneFunding, Release
from wallets.services.held import wake_waiting

ABOUT_MILESTONE: Final = "milestone"


@dataclass(frozen=True, slots=True)
class Returned:
    """Held money that became credit, and the milestone that it was held for."""

    release: Release
    milestone: Milestone

    @property
    def amount(self) -> Money:
        return from_minor(self.release.amount_minor, self.milestone.amount.currency.code)


@transaction.atomic
def funds_give_back(
    *,
    milestone_id: int,
    amount: Money | None = None,
    request_key: UUID | None = None,
    by: User,
    at: datetime,
) -> Returned:
    """Give back what is held for a milestone, or what is held for a part of its price.

    Without an amount, or with the whole price, the milestone is cancelled. The money is the
    commissioner's credit when this returns. A second call with the same `request_key` gives the
    first release. NothingHeld, GiveBackTooLate, PermissionRefused, Invalid.
    """
    milestone = locked_with_project(milestone_id)
    sent = Release.objects.filter(funding__milestone=milestone, by=by, request_key=request_key)
    if request_key is not None and (known := sent.first()):
        return Returned(known, milestone)
    given = milestone_give_back(milestone_id=milestone_id, amount=amount, by=by, at=at)
    returned = funds_release(
        given, cause=ReleaseCause.GIVEN_BACK, request_key=request_key, by=by, at=at
    )
    _tell_commissioner(returned)
    return returned


@transaction.atomic
def refund_agree(*, milestone_id: int, by: User, at: datetime) -> Returned:
    """Agree to the commissioner's request: all that is held is theirs, the milestone cancelled.

    NoRefundRequest, PermissionRefused.
    """
    given = refund_grant(milestone_id=milestone_id, by=by, at=at)
    return funds_release(given, cause=ReleaseCause.REFUND_AGREED, by=by, at=at)


@transaction.atomic
def refund_conclude(*, request_id: int, at: datetime) -> Returned | None:
    """Give held money back that nobody refused to give back in time; None for any other request."""
    given = refund_time_out(request_id=request_id, at=at)
    if given is None:
        return None
    return funds_release(given, cause=ReleaseCause.REFUND_UNANSWERED, by=None, at=at)


def funds_release(
    given: GivenUp,
    *,
    cause: ReleaseCause,
    request_key: UUID | None = None,
    by: User | None,
    at: datetime,
) -> Returned:
    """Move what is no longer needed for a milestone that is locked after its project.

    NothingHeld.
    """
    milestone = given.milestone
    funding = funding_held(milestone)
    before = funding.set_aside
    amount = before - _still_needed(funding, given, at=at)
    funding.returned_minor += amount
    if funding.set_aside == 0:
        funding.status = FundingStatus.RETURNED
    funding.save(update_fields=["returned_minor", "status"])
    release = Release.objects.create(
        funding=funding,
        number=funding.releases.count() + 1,
        amount_minor=amount,
        cause=cause,
        by=by,
        created_at=at,
        request_key=request_key,
    )
    posted = _post(milestone, release)
    _record(Returned(release, milestone), before=before, journal_key=posted.key)
    currency = milestone.amount.currency.code
    wake_waiting(buyer_id=milestone.project.commissioner_id, currency=currency, key=posted.key)
    return Returned(release, milestone)


def funding_held(milestone: Milestone) -> MilestoneFunding:
    """What is set aside for a milestone, locked. NothingHeld."""
    rows = MilestoneFunding.objects.locked()
    funding = rows.filter(milestone=milestone, status=FundingStatus.HELD).first()
    if funding is None:
        raise NothingHeld
    return funding


def _record(returned: Returned, *, before: int, journal_key: str) -> None:
    release, milestone = returned.release, returned.milestone
    audit.record(
        audit.Record(
            event="funds.released",
            target=milestone,
            before={"held": before},
            after={
                "held": release.funding.set_aside,
                "released": release.amount_minor,
                "currency": milestone.amount.currency.code,
                "cause": release.cause,
            },
            journal_key=journal_key,
        ),
        by=release.by,
        at=release.created_at,
    )


def _still_needed(funding: MilestoneFunding, given: GivenUp, *, at: datetime) -> int:
    """What stays set aside for the price that is left, with its tax.

    Where the tax of the day is what was set aside, by the rule of the invoice, so that it comes out
    to the cent; otherwise in proportion.
    """
    if not given.after:
        return 0
    project, pk, held = given.milestone.project, given.milestone.pk, funding.set_aside
    if totals_on(project, {pk: given.before}, on=at.date())[pk] == held:
        return totals_on(project, {pk: given.after}, on=at.date())[pk]
    return share_of(held, part=given.after, whole=given.before)


def _post(milestone: Milestone, release: Release) -> Posted:
    currency = milestone.amount.currency.code
    held = AccountSpec(f"milestone:{milestone.pk}", AccountKind.HELD, currency)
    credit = AccountSpec(f"user:{milestone.project.commissioner_id}", AccountKind.CREDIT, currency)
    ids = ledger.open_accounts([held, credit])
    return ledger.post(
        JournalDraft(
            JournalKind.RELEASE,
            f"release:{milestone.public_id}:{release.number}",
            ABOUT_MILESTONE,
            milestone.pk,
            (Leg(ids[held], -release.amount_minor), Leg(ids[credit], release.amount_minor)),
        )
    )


def _tell_commissioner(returned: Returned) -> None:
    milestone, project = returned.milestone, returned.milestone.project
    is_cancelled = milestone.cancelled_at is not None
    mail_enqueue(
        Mail.MONEY_GIVEN_BACK,
        to=project.commissioner,
        key=f"{milestone.public_id}:{returned.release.number}",
        context={
            "milestone": milestone.title,
            "project": project.title,
            "freelancer": project.freelancer.name,
            "amount": returned.amount,
            "fate": "is cancelled" if is_cancelled else "goes on at a lower price",
            "path": Page("projects:detail", (project.public_id,)),
        },
    )
