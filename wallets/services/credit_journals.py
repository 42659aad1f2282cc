"""The journals of credit notes: what the freelancer gives back, and from where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts import audit
from accounts.models import User
from common.money import fee_left, minor_of, to_minor
from invoicing.enums import InvoiceStatus
from invoicing.models import Invoice
from wallets import ledger
from wallets.enums import AccountKind, JournalKind
from wallets.ledger import AccountSpec, JournalDraft, Leg
from wallets.models import Clearing, Journal
from wallets.services.held import wake_waiting

WALLET = (AccountKind.PENDING, AccountKind.AVAILABLE, AccountKind.DEBT)
"""Where what is taken back comes from, in this order."""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Minor units of one note: what the freelancer loses, the platform's fees, the buyer gains.

    `unearned` is what the lifetime earnings lose: nothing for tax, and never more than the invoice
    had earned, whatever rounding over its project takes back.
    """

    taken: int
    fee: int
    credit: int = 0
    unearned: int = 0


def post_paid_note(note: Invoice, *, by: User, at: datetime) -> None:
    """Bring back the money of a note on a paid invoice: buyer's credit +total, fees -fee, wallet -net."""
    total, fee = to_minor(note.total), to_minor(note.fee)
    given = GivenBack(taken=total - fee, fee=fee, credit=total, unearned=_unearned(note))
    _post(note, given, by=by, at=at)
    currency = note.total.currency.code
    wake_waiting(buyer_id=note.buyer_id, currency=currency, key=note.public_id)


def _unearned(note: Invoice) -> int:
    """What this note takes of what the invoice had earned before tax; the last one all that is left."""
    invoice = note.credits
    if invoice is None:
        raise ValueError("a note credits an invoice")
    gross, back, taken = to_minor(invoice.subtotal), 0, 0
    for one in invoice.credit_notes.exclude(pk=note.pk):
        if one.paid_at:
            taken += to_minor(one.subtotal) - to_minor(one.fee)
        else:
            gross -= to_minor(one.subtotal)
            back += to_minor(one.fee)
    earned = gross - fee_left(fee=to_minor(invoice.fee), given_back=back, gross_left=gross)
    left = earned - min(taken, earned)
    if invoice.status == InvoiceStatus.CREDITED:
        return left
    return min(to_minor(note.subtotal) - to_minor(note.fee), left)


def post_rounding(note: Invoice, *, by: User, at: datetime) -> None:
    """Post what rounding over the project gives back beyond the fee that the invoice has left.

    A sub-unit, seldom: the fees of the project stay the exact ones on what it has invoiced.
    """
    invoice = note.credits
    if invoice is None:
        raise ValueError("a note credits an invoice")
    currency = note.total.currency.code
    gross, fee = to_minor(invoice.subtotal), to_minor(invoice.fee)
    credited, back = (minor_of(one, currency) for one in (invoice.credited, invoice.credited_fee))
    part, part_fee = to_minor(note.subtotal), to_minor(note.fee)
    beyond = _beyond(fee, back, gross - credited) - _beyond(
        fee, back - part_fee, gross - credited + part
    )
    if beyond:
        _post(note, GivenBack(taken=-beyond, fee=beyond), by=by, at=at)


def _beyond(fee: int, back: int, left: int) -> int:
    return fee_left(fee=fee, given_back=back, gross_left=left) - (fee - back)


def _post(note: Invoice, given: GivenBack, *, by: User, at: datetime) -> None:
    """One balanced journal under the key credit:<note>.

    All its ordinary accounts are locked before it is decided what each gives; the clearings of
    what is pending are locked before them, and what becomes pending meanwhile is not taken.
    """
    currency, seller = note.total.currency.code, f"user:{note.seller_id}"
    waiting = _waiting(note)
    wallet = [AccountSpec(seller, kind, currency) for kind in WALLET]
    buyer = AccountSpec(f"user:{note.buyer_id}", AccountKind.CREDIT, currency)
    fees = AccountSpec("platform", AccountKind.FEES, currency)
    ids = ledger.open_accounts(sorted([*wallet, buyer, fees]))
    accounts = [ids[spec] for spec in wallet]
    free = ledger.lock([*accounts, ids[buyer]])
    pending = min(free[accounts[0]], sum(row.left_minor for row in waiting))
    parts = _parts(given.taken, [pending, free[accounts[1]]])
    _take_pending(waiting, parts[0])
    earned_on = accounts[0 if Clearing.objects.filter(invoice=note.credits_id).exists() else 1]
    legs = [
        *(
            Leg(account, -part, -given.unearned if account == earned_on else 0)
            for account, part in zip(accounts, parts, strict=True)
        ),
        Leg(ids[buyer], given.credit),
        Leg(ids[fees], -given.fee),
    ]
    moved = [leg for leg in legs if leg.amount]
    posted = ledger.post(
        JournalDraft(
            kind=JournalKind.CREDIT_NOTE,
            key=f"credit:{note.public_id}",
            about_type="invoice",
            about_id=note.pk,
            legs=(*moved, *(leg for leg in legs if leg.lifetime and not leg.amount)),
            reverses=_reversed(note),
        )
    )
    after: audit.Values = {
        **dict(zip(("from_pending", "from_available", "as_debt"), parts, strict=True)),
        "fee": given.fee,
        "credit": given.credit,
        "currency": currency,
    }
    entry = audit.Record("credit_note.posted", note, after=after, journal_key=posted.key)
    audit.record(entry, by=by, at=at)


def _parts(taken: int, free: Sequence[int]) -> list[int]:
    """How much each of pending, available and debt gives of it; what is given goes to available."""
    if taken < 0:
        return [0, taken, 0]
    parts = []
    for most in free:
        parts.append(min(taken, max(most, 0)))
        taken -= parts[-1]
    return [*parts, taken]


def _waiting(note: Invoice) -> list[Clearing]:
    """What the freelancer has in clearing: of this invoice first, then what clears last."""
    rows = Clearing.objects.waiting().filter(user=note.seller_id, currency=note.total.currency.code)
    return sorted(
        rows.locked(),
        key=lambda row: (row.invoice_id == note.credits_id, row.available_at, row.pk),
        reverse=True,
    )


def _take_pending(waiting: Sequence[Clearing], amount: int) -> None:
    for clearing in waiting:
        part = min(clearing.left_minor, amount)
        if part:
            clearing.taken_minor += part
            clearing.save(update_fields=["taken_minor"])
            amount -= part
    if amount:
        raise RuntimeError(f"{amount} more is taken of what is pending than clearings account for")


def _reversed(note: Invoice) -> int | None:
    """The settlement, where this one note takes all of it back."""
    invoice = note.credits
    if invoice is None or note.paid_at is None or note.subtotal != invoice.subtotal:
        return None
    return Journal.objects.get(key=f"settle:{invoice.public_id}").pk
