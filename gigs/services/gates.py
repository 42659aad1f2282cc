"""What upper apps want settled before somebody is hired: they register a gate, in ready().

A gate knows what a person still has to do. It is heeded where REQUIRE_LEGAL_DATA is on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings

from accounts.models import Organisation, User
from gigs.exceptions import LegalDataIncomplete
from gigs.models import Gig


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that one person can settle, in words to act on."""

    person_id: int
    words: str


@dataclass(frozen=True, slots=True)
class Parties:
    """The two sides of a project to be; the buyer is the organisation where there is one."""

    freelancer: User
    commissioner: User
    organisation: Organisation | None
    is_self_billed: bool


Gate = Callable[[Parties, datetime], list[Lack]]
_gates: Final[list[Gate]] = []


def register(gate: Gate) -> None:
    """Ask this gate too, from now on."""
    if gate not in _gates:
        _gates.append(gate)


def refuse_unready(
    gig: Gig, freelancer: User, *, by: User, at: datetime, own_only: bool = False
) -> None:
    """LegalDataIncomplete while a gate is closed; names what `by` can settle, and who else must.

    With `own_only` what the other side lacks does not count.
    """
    if not settings.REQUIRE_LEGAL_DATA:
        return
    parties = Parties(freelancer, gig.commissioner, gig.organisation, gig.is_self_billed)
    lacks = [lack for gate in _gates for lack in gate(parties, at)]
    own = [lack.words for lack in lacks if lack.person_id == by.pk]
    names = {person.pk: person.name for person in (parties.freelancer, parties.commissioner)}
    others = sorted({names[lack.person_id] for lack in lacks if lack.person_id != by.pk})
    if own_only:
        others = []
    if own or others:
        waits = [f"{name} has to complete their legal data first." for name in others]
        raise LegalDataIncomplete(" ".join([*own, *waits]))
