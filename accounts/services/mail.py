"""Asking for mails: a job row in the transaction that gives the reason."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from djmoney.money import Money

from accounts.models import User
from common.formats import money_for_people
from common.money import decimal_of
from outbox import services as outbox_services

TOPIC: Final = "mail.send"


class Mail(StrEnum):
    """The mails that there are: templates/emails/<name>.subject.txt, .txt and .html."""

    ACCOUNT_ALREADY_EXISTS = "account_already_exists"
    APPLICATION_ACCEPTED = "application_accepted"
    APPROVED_IN_PART = "approved_in_part"
    BOOKS_DIFFER = "books_differ"
    BONUS_GIVEN = "bonus_given"
    CHANGES_REQUESTED = "changes_requested"
    CREDIT_ADDED = "credit_added"
    CREDIT_DECIDED = "credit_decided"
    CREDIT_NOTE_ISSUED = "credit_note_issued"
    CREDIT_PROPOSED = "credit_proposed"
    EXTRA_AGREED = "extra_agreed"
    EMAIL_CONFIRMATION = "email_confirmation"
    EXPORT_READY = "export_ready"
    FEE_INVOICE_ISSUED = "fee_invoice_issued"
    INVOICE_ISSUED = "invoice_issued"
    INVOICE_ISSUED_FOR_YOU = "invoice_issued_for_you"
    INVOICE_OVERDUE = "invoice_overdue"
    INVOICE_OBJECTED = "invoice_objected"
    INVOICE_PAID = "invoice_paid"
    INVOICE_PART_PAID = "invoice_part_paid"
    INVOICE_REMINDER = "invoice_reminder"
    INVOICE_REPORTED = "invoice_reported"
    MILESTONE_APPROVED_SILENTLY = "milestone_approved_silently"
    MILESTONES_FUNDED = "milestones_funded"
    MILESTONE_SUBMITTED = "milestone_submitted"
    MONEY_GIVEN_BACK = "money_given_back"
    MONEY_HELD = "money_held"
    MONEY_RELEASED = "money_released"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a template's name
    PAYMENT_METHOD_MISSING = "payment_method_missing"
    PAYMENT_ON_HOLD = "payment_on_hold"
    PROJECT_STARTED = "project_started"
    REFUND_ENDED = "refund_ended"
    REFUND_REQUESTED = "refund_requested"
    REFUND_WARNING = "refund_warning"
    REVIEW_EXTENDED = "review_extended"
    REVIEW_WARNING = "review_warning"
    SECURITY_NOTICE = "security_notice"
    TAKE_BACK_ENDED = "take_back_ended"
    WITHDRAWAL_NOT_PAID = "withdrawal_not_paid"
    WITHDRAWAL_PAID = "withdrawal_paid"
    WITHDRAWAL_REQUESTED = "withdrawal_requested"


NEEDS: Final[dict[Mail, frozenset[str]]] = {
    Mail.ACCOUNT_ALREADY_EXISTS: frozenset({"url"}),
    Mail.APPLICATION_ACCEPTED: frozenset({"gig", "commissioner", "path"}),
    Mail.APPROVED_IN_PART: frozenset(
        {"milestone", "project", "commissioner", "amount", "rest", "fate", "path"}
    ),
    Mail.BOOKS_DIFFER: frozenset({"count", "first", "path"}),
    Mail.BONUS_GIVEN: frozenset(
        {"milestone", "project", "commissioner", "amount", "bonus", "path"}
    ),
    Mail.CHANGES_REQUESTED: frozenset({"milestone", "project", "commissioner", "comment", "path"}),
    Mail.CREDIT_ADDED: frozenset({"amount", "reason", "path"}),
    Mail.CREDIT_DECIDED: frozenset({"number", "amount", "words", "reason", "path"}),
    Mail.CREDIT_NOTE_ISSUED: frozenset(
        {"number", "invoice", "milestone", "total", "reason", "effect", "path"}
    ),
    Mail.CREDIT_PROPOSED: frozenset({"number", "amount", "proposer", "reason", "path"}),
    Mail.EXTRA_AGREED: frozenset({"project", "commissioner", "amount", "reason", "path"}),
    Mail.EMAIL_CONFIRMATION: frozenset({"url"}),
    Mail.EXPORT_READY: frozenset({"file", "expires_on", "path"}),
    Mail.FEE_INVOICE_ISSUED: frozenset({"number", "kind", "month", "total", "path"}),
    Mail.INVOICE_ISSUED: frozenset({"number", "about", "total", "due_on", "path"}),
    Mail.INVOICE_ISSUED_FOR_YOU: frozenset(
        {"number", "about", "commissioner", "total", "due_on", "ends_on", "path"}
    ),
    Mail.INVOICE_OVERDUE: frozenset({"number", "milestone", "total", "due_on", "path"}),
    Mail.INVOICE_OBJECTED: frozenset({"number", "freelancer", "reason", "path"}),
    Mail.INVOICE_PAID: frozenset({"number", "milestone", "total", "fee", "net", "path"}),
    Mail.INVOICE_PART_PAID: frozenset({"number", "milestone", "part", "total", "due_on", "path"}),
    Mail.INVOICE_REMINDER: frozenset(
        {"number", "milestone", "freelancer", "total", "due_on", "path"}
    ),
    Mail.INVOICE_REPORTED: frozenset(
        {"number", "freelancer", "commissioner", "total", "due_on", "comment", "path"}
    ),
    Mail.MILESTONE_APPROVED_SILENTLY: frozenset(
        {"milestone", "project", "commissioner", "amount", "path"}
    ),
    Mail.MILESTONES_FUNDED: frozenset({"project", "commissioner", "milestones", "amount", "path"}),
    Mail.MILESTONE_SUBMITTED: frozenset({"milestone", "project", "freelancer", "path"}),
    Mail.MONEY_GIVEN_BACK: frozenset(
        {"milestone", "project", "freelancer", "amount", "fate", "path"}
    ),
    Mail.MONEY_HELD: frozenset({"amount", "reason", "clause", "review_on", "path"}),
    Mail.MONEY_RELEASED: frozenset({"amount", "reason", "path"}),
    Mail.PASSWORD_RESET: frozenset({"url"}),
    Mail.PAYMENT_METHOD_MISSING: frozenset({"number", "milestone", "total", "due_on", "path"}),
    Mail.PAYMENT_ON_HOLD: frozenset({"number", "milestone", "total", "path"}),
    Mail.PROJECT_STARTED: frozenset({"project", "commissioner", "path"}),
    Mail.REFUND_ENDED: frozenset({"milestone", "project", "words", "path"}),
    Mail.REFUND_REQUESTED: frozenset(
        {"milestone", "project", "commissioner", "amount", "reason", "ends_on", "path"}
    ),
    Mail.REFUND_WARNING: frozenset(
        {"milestone", "project", "commissioner", "amount", "left", "ends_on", "path"}
    ),
    Mail.REVIEW_EXTENDED: frozenset({"milestone", "project", "commissioner", "ends_on", "path"}),
    Mail.REVIEW_WARNING: frozenset(
        {"milestone", "project", "freelancer", "amount", "left", "ends_on", "path"}
    ),
    Mail.SECURITY_NOTICE: frozenset({"event"}),
    Mail.TAKE_BACK_ENDED: frozenset({"amount", "method", "words", "path"}),
    Mail.WITHDRAWAL_NOT_PAID: frozenset({"amount", "method", "outcome", "reason", "back", "path"}),
    Mail.WITHDRAWAL_PAID: frozenset({"amount", "fee", "net", "method", "path"}),
    Mail.WITHDRAWAL_REQUESTED: frozenset({"amount", "method", "path"}),
}
"""What each template shows; `path` (a page) becomes a link below SITE_URL, `files` are attached."""


class Page(NamedTuple):
    """A page of the site by its URL's name; the mail's sender makes the address of it."""

    name: str
    args: tuple[str, ...] = ()


class Addressee(NamedTuple):
    """A user as a mail needs one, for batches that do not load users."""

    email: str
    name: str
    public_id: str


class Files(NamedTuple):
    """Files to attach: what they are (services/attachments.py) and whose. Sent as `files`."""

    kind: str
    key: str


class Amount(NamedTuple):
    """Money in minor units, for batches."""

    minor: int
    currency: str


Value = str | date | Money | Amount | Page | Files
Values = Mapping[str, Value]


def mail_enqueue(template: str, *, to: User, key: str, context: Values) -> None:
    """Send one mail to a user once the caller's transaction has committed, once per key.

    The key names the event, such as the milestone's public id and version: asking twice for the
    same template, key and person sends one mail. ValueError when the context lacks something.
    """
    mail_enqueue_many(template, [(to, key, context)])


def mail_enqueue_many(template: str, mails: Iterable[tuple[User | Addressee, str, Values]]) -> None:
    """`mail_enqueue` for many people, in one statement."""
    outbox_services.enqueue_all(mail_entries(template, mails))


def mail_entries(
    template: str, mails: Iterable[tuple[User | Addressee, str, Values]]
) -> list[outbox_services.Entry]:
    """The jobs of `mail_enqueue_many`, for a caller that asks for others in the same statement."""
    return [
        _job(
            template,
            address=to.email,
            key=f"{key}:{to.public_id}",
            context={"name": to.name, **context},
        )
        for to, key, context in mails
    ]


def mail_enqueue_to_address(template: str, *, address: str, key: str, context: Values) -> None:
    """`mail_enqueue` to an address that may belong to nobody here."""
    outbox_services.enqueue_all([_job(template, address=address, key=key, context=context)])


def _job(template: str, *, address: str, key: str, context: Values) -> outbox_services.Entry:
    missing = NEEDS[Mail(template)] - context.keys()
    if missing:
        raise ValueError(f"mail {template} needs {', '.join(sorted(missing))}")
    payload = {
        "template": str(template),
        "to": address,
        "context": {name: _stored(value) for name, value in context.items()},
    }
    return outbox_services.Entry(TOPIC, f"{template}:{key}", payload)


def site_url(path: str) -> str:
    """The absolute address of a page; never taken from a request's Host header."""
    return f"{settings.SITE_URL.rstrip('/')}{path}"


def in_words(stored: str | Mapping[str, Any]) -> str:
    """A value of a mail's payload as people read it."""
    match stored:
        case str():
            return stored
        case {"money": [amount, currency]}:
            return money_for_people(Money(amount, currency))
        case {"date": text}:
            return date_format(date.fromisoformat(text), "j F Y")
        case {"page": [name, *args]}:
            return reverse(name, args=args)
    raise ValueError(f"a mail cannot show {stored!r}")


def _stored(value: Value) -> str | dict[str, Any]:
    """A value in JSON: the words are made where the mail is, not where the money moves."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Amount):
        return {"money": [str(decimal_of(*value)), value.currency]}
    if isinstance(value, Money):
        return {"money": [str(value.amount), value.currency.code]}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Page):
        return {"page": [value.name, *value.args]}
    return {"files": [value.kind, value.key]}
