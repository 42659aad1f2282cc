"""Approvals that change what is set aside: the rest of a part goes back or on, a bonus is added."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accounts import audit
from accounts.models import User
from common.formats import money_for_people
from common.money import from_minor
from gigs.exceptions import CreditShort, FundingUnderWay
from gigs.models import Milestone
from gigs.services import Change, GivenUp, funds
from invoicing.services import totals_on
from wallets import ledger
from wallets.enums import AccountKind, AdditionCause, FundingStatus, JournalKind, ReleaseCause
from wallets.ledger import AccountSpec, JournalDraft, Leg
from wallets.models import Addition, MilestoneFunding
from wallets.services.releases import ABOUT_MILESTONE, funding_held, funds_release

LIVE: Final = (FundingStatus.PENDING, FundingStatus.HELD)


def funds_change(change: Change, by: User, at: datetime) -> None:
    """Move what an approval in part, or with a bonus, takes; all in the approval's transaction.

    What is not needed for a part any more becomes credit; where the next milestone is funded, what
    its higher price takes comes from credit at once, and a bonus does too. CreditShort where there
    is too little, FundingUnderWay where the next milestone is being funded at its old price.
    """
    milestone = change.milestone
    if change.after > change.before:
        _add(change, cause=AdditionCause.BONUS, by=by, at=at)
        return
    given = GivenUp(milestone, before=change.before, after=change.after)
    funds_release(given, cause=ReleaseCause.APPROVED_IN_PART, by=by, at=at)
    if change.following is None:
        return
    waiting = MilestoneFunding.objects.filter(
        milestone=change.following.milestone, status__in=LIVE
    ).first()
    if waiting is not None and waiting.status == FundingStatus.PENDING:
        raise FundingUnderWay
    if waiting is not None:
        _add(change.following, cause=AdditionCause.REMAINDER, by=by, at=at)


def register() -> None:
    """Let approvals move held money."""
    funds.register(funds_change)


@dataclass(frozen=True, slots=True)
class _Accounts:
    credit: int
    held: int


def _add(change: Change, *, cause: AdditionCause, by: User, at: datetime) -> None:
    """Set more aside for a funded milestone, from its commissioner's credit."""
    milestone = change.milestone
    funding = funding_held(milestone)
    totals = totals_on(milestone.project, {0: change.before, 1: change.after}, on=at.date())
    amount = totals[1] - totals[0]
    accounts = _enough(milestone, amount)
    before = funding.set_aside
    funding.added_minor += amount
    funding.save(update_fields=["added_minor"])
    addition = Addition.objects.create(
        funding=funding,
        number=funding.additions.count() + 1,
        amount_minor=amount,
        cause=cause,
        by=by,
        created_at=at,
    )
    posted = ledger.post(
        JournalDraft(
            JournalKind.ADDITION,
            f"add:{milestone.public_id}:{addition.number}",
            ABOUT_MILESTONE,
            milestone.pk,
            (Leg(accounts.credit, -amount), Leg(accounts.held, amount)),
        )
    )
    _record(funding, addition, milestone, held_before=before, journal_key=posted.key)


def _record(
    funding: MilestoneFunding,
    addition: Addition,
    milestone: Milestone,
    *,
    held_before: int,
    journal_key: str,
) -> None:
    entry = audit.Record(
        event="funds.added",
        target=milestone,
        before={"held": held_before},
        after={
            "held": funding.set_aside,
            "added": addition.amount_minor,
            "currency": milestone.amount.currency.code,
            "cause": addition.cause,
        },
        journal_key=journal_key,
    )
    audit.record(entry, by=addition.by, at=addition.created_at)


def _enough(milestone: Milestone, amount: int) -> _Accounts:
    """The accounts, locked. CreditShort when the credit has less than this."""
    currency = milestone.amount.currency.code
    specs = [
        AccountSpec(f"user:{milestone.project.commissioner_id}", AccountKind.CREDIT, currency),
        AccountSpec(f"milestone:{milestone.pk}", AccountKind.HELD, currency),
    ]
    ids = ledger.open_accounts(specs)
    credit, held = (ids[spec] for spec in specs)
    short = amount - ledger.lock([credit, held])[credit]
    if short > 0:
        missing = money_for_people(from_minor(short, currency))
        raise CreditShort(f"Your credit lacks {missing} for this. Top it up first.")
    return _Accounts(credit, held)
