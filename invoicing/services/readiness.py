"""Whether the future invoices of a project can be legal documents: drafted, and run through rules."""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from accounts.models import Organisation, User
from accounts.selectors import buyer_copy, seller_copy
from gigs.models import Project
from gigs.services import gates
from invoicing.selectors import mandate_page
from invoicing.tax.requirements import Requirement, Side, requirements


@dataclass(frozen=True, slots=True)
class Readiness:
    """What is missing, whose it is, and whether work waits for it."""

    missing: list[Requirement]
    own: list[Requirement]
    is_required: bool

    @property
    def is_ready(self) -> bool:
        return not self.missing


def project_readiness(project: Project, *, by: User, on: date) -> Readiness:
    """What the next invoices of the project lack today, and which of it `by` can settle."""
    buyer = project.organisation or project.commissioner
    missing = _missing(project.freelancer, buyer, is_self_billed=project.is_self_billed, on=on)
    side = Side.SELLER if project.freelancer_id == by.pk else Side.BUYER
    own = [requirement for requirement in missing if requirement.side == side]
    return Readiness(missing, own, settings.REQUIRE_LEGAL_DATA)


def gate(parties: gates.Parties, at: datetime) -> list[gates.Lack]:
    """The same for a project to be."""
    people = {Side.SELLER: parties.freelancer, Side.BUYER: parties.commissioner}
    buyer = parties.organisation or parties.commissioner
    return [
        gates.Lack(people[requirement.side].pk, requirement.words)
        for requirement in _missing(
            parties.freelancer, buyer, is_self_billed=parties.is_self_billed, on=at.date()
        )
    ]


def register() -> None:
    """Let gigs ask before somebody applies or is hired."""
    gates.register(gate)


def _missing(
    seller: User, buyer: User | Organisation, *, is_self_billed: bool, on: date
) -> list[Requirement]:
    return requirements(
        seller_copy(seller),
        buyer_copy(buyer),
        has_mandate=mandate_page(seller).is_in_force,
        is_self_billed=is_self_billed,
        on=on,
    )
