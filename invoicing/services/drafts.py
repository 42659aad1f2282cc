"""What an invoice will say, in plain rows: read under locks, computed, written in one statement."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from accounts import selectors as accounts
from accounts.models import Organisation
from accounts.selectors import buyer_copy, seller_copy
from accounts.services.mail import Addressee
from common.money import FeeSplit, decimal_of
from invoicing.enums import InvoiceStatus
from invoicing.services.works import Terms, Work
from invoicing.tax import Decision, decide, tax_party

WRITE = """
WITH draft AS (
  SELECT * FROM jsonb_to_recordset(%s::jsonb) AS draft (
    uuid uuid, series_id bigint, position integer, number text, kind text, project_id bigint,
    milestone_id bigint, seller_id bigint, buyer_id bigint, buyer_copy text, currency text,
    subtotal numeric, tax numeric, fee numeric, fee_rate numeric, decision integer
  )
), draft_line AS (
  SELECT * FROM jsonb_to_recordset(%s::jsonb) AS draft_line (
    number text, position smallint, description text, quantity numeric, unit text,
    unit_price numeric, amount numeric
  )
), decision AS (
  SELECT * FROM jsonb_to_recordset(%s::jsonb) AS decision (
    key integer, category text, rate numeric, name text, legend text, vatex text, rule text
  )
), party AS (
  SELECT * FROM jsonb_each(%s::jsonb) AS party (key, copy)
), invoice AS (
  INSERT INTO invoicing_invoice (
    uuid, series_id, position, number, kind, status, project_id, milestone_id, seller_id, buyer_id,
    seller_copy, buyer_copy, currency, subtotal, tax, total, fee, net, fee_rate,
    issued_at, issued_on, due_on
  )
  SELECT coalesce(draft.uuid, gen_random_uuid()), series_id, position, number, kind, %s, project_id, milestone_id,
    seller_id, buyer_id, seller.copy, buyer.copy, currency, subtotal, tax, subtotal + tax, fee,
    subtotal + tax - fee, fee_rate, %s, %s, %s
  FROM draft
  JOIN party AS seller ON seller.key = 'seller:' || seller_id
  JOIN party AS buyer ON buyer.key = draft.buyer_copy
  ORDER BY series_id, position
  RETURNING id, uuid, number
), line AS (
  INSERT INTO invoicing_invoiceline (
    uuid, invoice_id, position, description, quantity, unit, currency, unit_price, amount,
    tax_category, tax_rate
  )
  SELECT gen_random_uuid(), invoice.id, line.position, description, quantity, unit, currency,
    unit_price, amount, coalesce(category, ''), rate
  FROM invoice
  JOIN draft USING (number)
  JOIN draft_line AS line USING (number)
  LEFT JOIN decision ON decision.key = draft.decision
), tax AS (
  INSERT INTO invoicing_invoicetax (
    invoice_id, category, rate, name, currency, basis, amount, legend, vatex_code, rule
  )
  SELECT invoice.id, category, rate, name, currency, subtotal, tax, legend, vatex, rule
  FROM invoice
  JOIN draft USING (number)
  JOIN decision ON decision.key = draft.decision
)
SELECT id, uuid, number FROM invoice
"""


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


@dataclass(frozen=True, slots=True)
class People:
    """The parties of a batch: addresses by user, and frozen copies of what stands on invoices, by
    `seller:<user>` and by `user:<id>` or `organisation:<id>` of the buyer.
    """

    copies: Mapping[str, Mapping[str, str]]
    addressees: dict[int, Addressee]


class Decisions:
    """The tax of a batch: decided once for each pair of seller and buyer."""

    def __init__(self, people: People, *, on: date) -> None:
        self._parties = {key: tax_party(copy) for key, copy in people.copies.items()}
        self._on = on
        self._made: dict[tuple[str, str], Decision | None] = {}

    def of(self, terms: Terms) -> Decision | None:
        """What the invoices of that project carry on that day."""
        pair = (terms.seller_key, terms.buyer_key)
        if pair not in self._made:
            seller, buyer = (self._parties[key] for key in pair)
            self._made[pair] = decide(seller, buyer, on=self._on)
        return self._made[pair]


def people_of(projects: Collection[Terms]) -> People:
    """Who stands on the invoices of these projects."""
    sellers = {project.freelancer_id for project in projects}
    buyers = {project.commissioner_id for project in projects}
    users = accounts.people(sellers | buyers)
    copies = {f"seller:{pk}": seller_copy(users[pk]) for pk in sellers}
    copies |= {f"user:{pk}": buyer_copy(users[pk]) for pk in buyers}
    if organisations := {project.organisation_id for project in projects} - {None}:
        found = Organisation.objects.in_bulk(organisations)
        copies |= {f"organisation:{pk}": buyer_copy(row) for pk, row in found.items()}
    return People(
        copies=copies,
        addressees={
            pk: Addressee(user.email, user.name, user.public_id) for pk, user in users.items()
        },
    )


def write(drafts: Sequence[Draft], people: People, *, at: datetime) -> dict[str, tuple[int, UUID]]:
    """Write invoices, lines and taxes in one statement; id and UUID by number."""
    decided = {draft.decision: 0 for draft in drafts if draft.decision is not None}
    keys = {decision: key for key, decision in enumerate(decided)}
    rows = [_row(draft, keys) for draft in drafts]
    lines = [row for draft in drafts for row in _line_rows(draft)]
    due_on = at.date() + timedelta(days=settings.INVOICE_DUE_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE,
            [
                json.dumps(rows),
                json.dumps(lines),
                json.dumps([_decision(decision, key) for decision, key in keys.items()]),
                json.dumps(people.copies),
                InvoiceStatus.SENT,
                at,
                at.date(),
                due_on,
            ],
        )
        return {number: (pk, uuid) for pk, uuid, number in cursor.fetchall()}


def _row(draft: Draft, keys: Mapping[Decision, int]) -> dict[str, Any]:
    work, terms = draft.work, draft.work.project
    return {
        "uuid": str(work.uuid) if work.uuid else None,
        "series_id": draft.series_id,
        "position": draft.position,
        "number": draft.number,
        "kind": work.kind,
        "project_id": terms.pk,
        "milestone_id": work.milestone_id,
        "seller_id": terms.freelancer_id,
        "buyer_id": terms.commissioner_id,
        "buyer_copy": terms.buyer_key,
        "currency": work.currency,
        "subtotal": str(decimal_of(draft.split.gross, work.currency)),
        "tax": str(decimal_of(draft.tax, work.currency)),
        "fee": str(decimal_of(draft.split.fee, work.currency)),
        "fee_rate": str(terms.fee_rate),
        "decision": keys[draft.decision] if draft.decision is not None else None,
    }


def _line_rows(draft: Draft) -> list[dict[str, Any]]:
    return [
        {
            "number": draft.number,
            "position": position,
            "description": line.description,
            "quantity": str(line.quantity),
            "unit": line.unit,
            "unit_price": str(line.unit_price),
            "amount": str(decimal_of(line.amount, draft.work.currency)),
        }
        for position, line in enumerate(draft.work.lines, start=1)
    ]


def _decision(decision: Decision, key: int) -> dict[str, Any]:
    return {
        "key": key,
        "category": decision.category,
        "rate": None if decision.rate is None else str(decision.rate),
        "name": decision.name,
        "legend": decision.legend,
        "vatex": decision.vatex,
        "rule": decision.rule,
    }
