"""The journals that take money of invoices back: what the freelancer gives, and from where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from accounts import audit
from accounts.models import User
from common.money import fee_left, minor_of, to_minor
from invoicing.enums import InvoiceStatus
from invoicing.models import Invoice
from wallets import ledger
from wallets.enums import AccountKind, JournalKind, PaymentOutcome
from wallets.ledger import AccountSpec, JournalDraft, Leg
from wallets.models import Clearing, Journal, Payment
from wallets.services.held import wake_waiting
from wallets.services.settlement import share_of

WALLET = (AccountKind.PENDING, AccountKind.AVAILABLE, AccountKind.DEBT)
"""Where what is taken back comes from, in this order."""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Minor units of one journal: what the freelancer loses, the platform's fees, the buyer gains.

    `unearned` is what the lifetime earnings lose: nothing for tax, and never more than the invoice
    had earned, whatever rounding over its project takes back.
    """

    taken: int
    fee: int
    credit: int = 0
    unearned: int = 0


@dataclass(frozen=True, slots=True)
class _Cause:
    """What takes money of an invoice back, and the journal that it becomes."""

    invoice: Invoice
    kind: JournalKind
    key: str
    target: Invoice | Payment
    event: str
    reverses: int | None


def _of_note(note: Invoice) -> _Cause:
    invoice = note.credits
    if invoice is None:
        raise ValueError("a note credits an invoice")
    return _Cause(
        invoice=invoice,
        kind=JournalKind.CREDIT_NOTE,
        key=f"credit:{note.public_id}",
        target=note,
        event="credit_note.posted",
        reverses=_reversed(note, invoice),
    )


@dataclass(frozen=True, slots=True)
class PartBack:
    """A part payment that no longer stands, before its money is moved."""

    cause: _Cause
    given: GivenBack


def take_part_off(invoice: Invoice) -> PartBack | None:
    """Undo the part payment of a locked invoice that is not paid, for a note; None where it has none.

    The caller posts it once it has all numbers: their series are locked before balances.
    """
    if not invoice.part_paid or invoice.paid_at:
        return None
    payment = _standing_part(invoice)
    share = share_of(
        payment.amount_minor,
        total=to_minor(invoice.total_left),
        tax=to_minor(invoice.total_left - invoice.subtotal_left),
        fee=to_minor(invoice.fee_left),
    )
    given = GivenBack(
        taken=share.net, fee=share.fee, credit=share.total, unearned=share.net - share.tax
    )
    cause = _Cause(
        invoice=invoice,
        kind=JournalKind.PART_RETURN,
        key=f"unpart:{payment.public_id}",
        target=payment,
        event="payment.part_returned",
        reverses=Journal.objects.get(key=f"part:{payment.public_id}").pk,
    )
    invoice.part_paid = Decimal(0)
    invoice.save(update_fields=["part_paid"])
    return PartBack(cause, given)


def post_part_back(part: PartBack, *, by: User, at: datetime) -> int:
    """Post it: the buyer's credit +part, wallet -net, fees -fee; what was `uncovered` before.

    Whoever calls uses the credit again for what is left. One journal under the key unpart:<payment>,
    which names the one it undoes.
    """
    before = _post(part.cause, part.given, by=by, at=at)
    invoice = part.cause.invoice
    currency = invoice.total.currency.code
    wake_waiting(buyer_id=invoice.buyer_id, currency=currency, key=part.cause.key)
    return before


def _standing_part(invoice: Invoice) -> Payment:
    """The latest: those before it were undone."""
    parts = Payment.objects.filter(invoice=invoice, outcome=PaymentOutcome.PART)
    return parts.order_by("-pk")[0]


def post_paid_note(note: Invoice, *, by: User, at: datetime) -> int:
    """Bring back the money of a note on a paid invoice; what was `uncovered` before.

    Buyer's credit +total, fees -fee, wallet -net.
    """
    total, fee = to_minor(note.total), to_minor(note.fee)
    given = GivenBack(taken=total - fee, fee=fee, credit=total, unearned=_unearned(note))
    before = _post(_of_note(note), given, by=by, at=at)
    currency = note.total.currency.code
    wake_waiting(buyer_id=note.buyer_id, currency=currency, key=note.public_id)
    return before


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


def post_rounding(note: Invoice, *, by: User, at: datetime) -> int | None:
    """Post what rounding over the project gives back beyond the fee that the invoice has left.

    A sub-unit, seldom: the fees of the project stay the exact ones on what it has invoiced. What
    was `uncovered` before; None where there is nothing to post.
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
    if not beyond:
        return None
    return _post(_of_note(note), GivenBack(taken=-beyond, fee=beyond), by=by, at=at)


def _beyond(fee: int, back: int, left: int) -> int:
    return fee_left(fee=fee, given_back=back, gross_left=left) - (fee - back)


def uncovered(seller_id: int, currency: str) -> int:
    """What a freelancer owes beyond what waits to clear, which pays it first; in minor units.

    Locks both balances, so the caller has locked the wallet before.
    """
    kinds = (AccountKind.PENDING, AccountKind.DEBT)
    specs = [AccountSpec(f"user:{seller_id}", kind, currency) for kind in kinds]
    ids = ledger.open_accounts(specs)
    free = ledger.lock(list(ids.values()))
    return _uncovered(*(free[ids[spec]] for spec in specs))


def _uncovered(pending: int, debt: int) -> int:
    return max(-debt - pending, 0)


def _post(cause: _Cause, given: GivenBack, *, by: User, at: datetime) -> int:
    """One balanced journal; what was `uncovered` before it.

    All its ordinary accounts are locked before it is decided what each gives; the clearings of
    what is pending are locked before them, and what becomes pending meanwhile is not taken.
    """
    invoice = cause.invoice
    currency, seller = invoice.total.currency.code, f"user:{invoice.seller_id}"
    waiting = _waiting(invoice)
    wallet = [AccountSpec(seller, kind, currency) for kind in WALLET]
    buyer = AccountSpec(f"user:{invoice.buyer_id}", AccountKind.CREDIT, currency)
    fees = AccountSpec("platform", AccountKind.FEES, currency)
    ids = ledger.open_accounts(sorted([*wallet, buyer, fees]))
    accounts = [ids[spec] for spec in wallet]
    free = ledger.lock([*accounts, ids[buyer]])
    pending = min(free[accounts[0]], sum(row.left_minor for row in waiting))
    parts = _parts(given.taken, [pending, free[accounts[1]]])
    _take_pending(waiting, parts[0])
    earned_on = accounts[0 if Clearing.objects.filter(invoice=invoice).exists() else 1]
    legs = [
        *(
            Leg(account, -part, -given.unearned if account == earned_on else 0)
            for account, part in zip(accounts, parts, strict=True)
        ),
        Leg(ids[buyer], given.credit),
        Leg(ids[fees], -given.fee),
    ]
    posted = ledger.post(
        JournalDraft(
            kind=cause.kind,
            key=cause.key,
            about_type="invoice" if isinstance(cause.target, Invoice) else "payment",
            about_id=cause.target.pk,
            # What moves lifetime earnings alone comes last.
            legs=tuple(sorted((leg for leg in legs if leg.amount or leg.lifetime), key=_is_empty)),
            reverses=cause.reverses,
        )
    )
    _record(cause, given, parts, posted.key, by=by, at=at)
    return _uncovered(free[accounts[0]], free[accounts[2]])


def _record(
    cause: _Cause, given: GivenBack, parts: Sequence[int], key: str, *, by: User, at: datetime
) -> None:
    named = zip(("from_pending", "from_available", "as_debt"), parts, strict=True)
    after: audit.Values = {
        **dict(named),
        "fee": given.fee,
        "credit": given.credit,
        "currency": cause.invoice.total.currency.code,
    }
    entry = audit.Record(cause.event, cause.target, after=after, journal_key=key)
    audit.record(entry, by=by, at=at)


def _is_empty(leg: Leg) -> bool:
    return not leg.amount


def _parts(taken: int, free: Sequence[int]) -> list[int]:
    """How much each of pending, available and debt gives of it; what is given goes to available."""
    if taken < 0:
        return [0, taken, 0]
    parts = []
    for most in free:
        parts.append(min(taken, max(most, 0)))
        taken -= parts[-1]
    return [*parts, taken]


def _waiting(invoice: Invoice) -> list[Clearing]:
    """What the freelancer has in clearing: of this invoice first, then what clears last."""
    rows = Clearing.objects.waiting().filter(
        user=invoice.seller_id, currency=invoice.total.currency.code
    )
    return sorted(
        rows.locked(),
        key=lambda row: (row.invoice_id == invoice.pk, row.available_at, row.pk),
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


def _reversed(note: Invoice, invoice: Invoice) -> int | None:
    """The settlement, where this one note takes all of it back, and there was no other."""
    is_whole = note.subtotal == invoice.subtotal and not invoice.part_paid
    if note.paid_at is None or not is_whole:
        return None
    return Journal.objects.get(key=f"settle:{invoice.public_id}").pk
