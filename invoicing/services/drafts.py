"""What an invoice will say, in plain rows: read under locks, computed, written in one statement."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.conf import settings

from accounts import selectors as accounts
from common import context
from common.arrays import bigints, bigints_or_null, booleans, numerics, texts
from common.database import fetch_rows
from common.money import FeeSplit, decimal_text
from invoicing.services.works import Terms, Work
from invoicing.tax import Decision, TaxParty, decide, tax_party

ARGUMENTS: Final = """
  %s, %s, %s, %s, %s::inet, %s::text[], %s::uuid[], %s::text[], %s::text[], %s::bigint[], %s::bigint[],
  %s::bigint[], %s::bigint[], %s::jsonb, %s::jsonb, %s::bigint[], %s::integer[], %s::text[],
  %s::text[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::boolean[], %s::jsonb,
  %s::integer[], %s::integer[], %s::smallint[], %s::text[], %s::numeric[], %s::text[],
  %s::numeric[], %s::numeric[], %s::bigint[], %s::bigint[], %s::bigint[]
"""
WRITE: Final = f"SELECT id, key FROM invoicing_write({ARGUMENTS})"  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Draft:
    """One invoice to write; amounts in minor units. `decision` is None without legal data."""

    work: Work
    series_id: int
    position: int
    number: str
    split: FeeSplit
    decision: Decision | None
    tax: int

    @property
    def total(self) -> int:
        return self.split.gross + self.tax


class Issued(NamedTuple):
    """An invoice that was written; `beside` is what the statement of an upper app says of it."""

    draft: Draft
    pk: int
    public_id: str
    beside: Any = None


@dataclass(frozen=True, slots=True)
class Paying:
    """How an upper app writes drafts of which it pays some in the same statement.

    Their numbers, and what the statement needs of them after the arguments of `invoicing_write`.
    """

    numbers: Collection[str] = frozenset()
    statement: str = WRITE
    columns: Sequence[Any] = ()


NOBODY: Final = Paying()


class Decisions:
    """The tax of a batch: decided once for all pairs of parties that the law sees alike.

    `facts` are texts that are the same for such parties, by key; else a copy stands for itself.
    """

    def __init__(self, copies: Mapping[str, str], facts: Mapping[str, str], *, on: date) -> None:
        self._copies, self._facts, self._on = copies, facts, on
        self._made: dict[tuple[str, str], Decision | None] = {}

    def of(self, terms: Terms) -> Decision | None:
        """What the invoices of that project carry on that day."""
        seller, buyer = terms.seller_key, terms.buyer_key
        pair = (self._facts.get(seller, seller), self._facts.get(buyer, buyer))
        if pair not in self._made:
            self._made[pair] = decide(self._party(seller), self._party(buyer), on=self._on)
        return self._made[pair]

    def _party(self, key: str) -> TaxParty:
        return tax_party(json.loads(self._copies[key]))


def copies_of(projects: Collection[Terms]) -> dict[str, str]:
    """Who stands on the invoices of these projects: frozen copies in JSON by the parties' keys."""
    organisations = {project.organisation_id for project in projects}
    return accounts.invoice_copies(
        sellers={project.freelancer_id for project in projects},
        buyers={project.commissioner_id for project in projects},
        organisations={pk for pk in organisations if pk is not None},
    )


def write(
    drafts: Sequence[Draft],
    copies: Mapping[str, str],
    *,
    topics: Sequence[str],
    paying: Paying = NOBODY,
    at: datetime,
) -> list[Issued]:
    """Write invoices and all that belongs to issuing them in one statement."""
    arguments = [
        at,
        at.date(),
        at.date() + timedelta(days=settings.INVOICE_DUE_DAYS),
        *context.served(),
        texts(topics),
        *_heads(drafts),
        *_parties(drafts, copies),
        *_sums(drafts),
        booleans([draft.number in paying.numbers for draft in drafts]),
        *_decided(drafts),
        *_lines(drafts),
        *_totals(drafts),
        *paying.columns,
    ]
    written = fetch_rows(paying.statement, arguments)
    return [Issued(draft, *row) for draft, row in zip(drafts, written, strict=True)]


def _heads(drafts: Sequence[Draft]) -> list[str]:
    works = [draft.work for draft in drafts]
    return [
        texts([str(work.uuid) if work.uuid else None for work in works]),
        texts([work.kind.value for work in works]),
        texts([work.about for work in works]),
        bigints([work.project.pk for work in works]),
        bigints_or_null([work.milestone_id for work in works]),
    ]


def _parties(drafts: Sequence[Draft], copies: Mapping[str, str]) -> list[str]:
    projects = [draft.work.project for draft in drafts]
    return [
        bigints([terms.freelancer_id for terms in projects]),
        bigints([terms.commissioner_id for terms in projects]),
        f"[{','.join([copies[terms.seller_key] for terms in projects])}]",
        f"[{','.join([copies[terms.buyer_key] for terms in projects])}]",
        bigints([draft.series_id for draft in drafts]),
        bigints([draft.position for draft in drafts]),
        texts([draft.number for draft in drafts]),
    ]


def _sums(drafts: Sequence[Draft]) -> list[str]:
    currencies = [draft.work.currency for draft in drafts]
    return [
        texts(currencies),
        numerics(map(decimal_text, [draft.split.gross for draft in drafts], currencies)),
        numerics(map(decimal_text, [draft.tax for draft in drafts], currencies)),
        numerics(map(decimal_text, [draft.split.fee for draft in drafts], currencies)),
        numerics([str(draft.work.project.fee_rate) for draft in drafts]),
    ]


def _decided(drafts: Sequence[Draft]) -> list[str]:
    """The decisions of the batch, and by place which of them each invoice carries."""
    places: dict[Decision, int] = {}
    decisions = [draft.decision for draft in drafts]
    for decision in decisions:
        if decision is not None and decision not in places:
            places[decision] = len(places)
    decided = [None if decision is None else places[decision] for decision in decisions]
    return [json.dumps([_decision(decision) for decision in places]), bigints_or_null(decided)]


def _lines(drafts: Sequence[Draft]) -> list[str]:
    lines = [line for draft in drafts for line in draft.work.lines]
    currencies = [draft.work.currency for draft in drafts for _ in draft.work.lines]
    return [
        bigints([place for place, draft in enumerate(drafts, 1) for _ in draft.work.lines]),
        bigints([place for draft in drafts for place, _ in enumerate(draft.work.lines, 1)]),
        texts([line.description for line in lines]),
        numerics([str(line.quantity) for line in lines]),
        texts([line.unit for line in lines]),
        numerics([line.unit_price for line in lines]),
        numerics(map(decimal_text, [line.amount for line in lines], currencies)),
    ]


def _totals(drafts: Sequence[Draft]) -> list[str]:
    """What their projects have invoiced now, and paid in fees."""
    projects = {draft.work.project.pk: draft.work.project for draft in drafts}.values()
    return [
        bigints([terms.pk for terms in projects]),
        bigints([terms.invoiced_minor for terms in projects]),
        bigints([terms.fees_minor for terms in projects]),
    ]


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "category": decision.category,
        "rate": None if decision.rate is None else str(decision.rate),
        "name": decision.name,
        "legend": decision.legend,
        "vatex": decision.vatex,
        "rule": decision.rule,
    }
