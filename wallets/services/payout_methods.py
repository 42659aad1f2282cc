"""Bank accounts to withdraw to: checked, sealed, cooling off, removed."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from accounts import audit
from accounts.models import User
from accounts.policies import require
from accounts.services.mail import Mail, mail_enqueue
from common.encryption import seal, unseal
from common.exceptions import FieldError, Invalid
from wallets import policies
from wallets.enums import PayoutMethodKind
from wallets.exceptions import TooManyPayoutMethods
from wallets.models import PayoutMethod

MOST: Final = 20
BULLETS: Final = "\N{BULLET}\N{BULLET}\N{BULLET}\N{BULLET}"
_DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)
_SPACES: Final = re.compile(r"[\s-]+")
ROUTING_WEIGHTS: Final = (3, 7, 1)


@dataclass(frozen=True, slots=True)
class BankDetails:
    """Whose account, and its IBAN or else its account and routing number, as people write them."""

    holder: str
    iban: str = ""
    account_number: str = ""
    routing_number: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """What a bank has to know of an account; one of the two spellings is empty."""

    holder: str
    iban: str
    bic: str
    account_number: str
    routing_number: str


@transaction.atomic
def payout_method_add(*, details: BankDetails, by: User, at: datetime) -> PayoutMethod:
    """Store a bank account, sealed; it can be used once it has cooled off.

    The user's row is locked, so that there are at most twenty. Invalid, PermissionRefused,
    TooManyPayoutMethods.
    """
    require(policies.may_withdraw(by), "Only freelancers can withdraw money.")
    kind, label, destination = _checked(details)
    User.objects.locked().get(pk=by.pk)
    if PayoutMethod.objects.of(by).count() >= MOST:
        raise TooManyPayoutMethods
    method = PayoutMethod.objects.create(
        user=by,
        kind=kind,
        holder=destination["holder"],
        label=label,
        sealed=seal(json.dumps(destination)),
        created_at=at,
        usable_at=at + timedelta(days=settings.PAYOUT_COOLING_DAYS),
    )
    audit.record(
        audit.Record(
            event="payout_method.added",
            target=method,
            after={"kind": kind.value, "label": label, "usable_at": method.usable_at.isoformat()},
        ),
        by=by,
        at=at,
    )
    event = f"The payout method {label} was added to your account"
    mail_enqueue(Mail.SECURITY_NOTICE, to=by, key=method.public_id, context={"event": event})
    return method


@transaction.atomic
def payout_method_remove(*, method_id: int, by: User, at: datetime) -> PayoutMethod:
    """Withdraw nothing more to this account; withdrawals under way go on. PermissionRefused."""
    method = PayoutMethod.objects.locked().get(pk=method_id)
    require(policies.may_remove_payout_method(by, method), "This is not your payout method.")
    if method.removed_at is None:
        method.removed_at = at
        method.save(update_fields=["removed_at"])
        audit.record(audit.Record(event="payout_method.removed", target=method), by=by, at=at)
    return method


def payout_method_for(*, holder: str, iban: str, user: User, at: datetime) -> PayoutMethod:
    """The account that a transfer came from, for money that goes back to it and for nothing else.

    It is removed from the start, so nobody can choose it, and counts as none of the user's.
    """
    kind, label, destination = _checked(BankDetails(holder=holder, iban=iban))
    return PayoutMethod.objects.create(
        user=user,
        kind=kind,
        holder=destination["holder"],
        label=label,
        sealed=seal(json.dumps(destination)),
        created_at=at,
        usable_at=at,
        removed_at=at,
    )


def is_iban(text: str) -> bool:
    """Whether money can go to an account of that number."""
    return IBAN(text, allow_invalid=True).is_valid


def destination_of(method: PayoutMethod) -> Destination:
    """Where money for this method goes. SealBroken when no key opens its details."""
    return Destination(**json.loads(unseal(method.sealed)))


def _checked(details: BankDetails) -> tuple[PayoutMethodKind, str, dict[str, str]]:
    """Kind, label and details in one spelling."""
    holder = " ".join(details.holder.split())
    errors = [] if holder else [FieldError("holder", "required", "Name the account's holder.")]
    given_iban = _SPACES.sub("", details.iban).upper()
    account = _SPACES.sub("", details.account_number)
    routing = _SPACES.sub("", details.routing_number)
    if given_iban and (account or routing):
        words = "Give the IBAN, or account and routing number, not both."
        raise Invalid([FieldError("iban", "ambiguous", words)])
    if account or routing:
        errors += _errors_of_account(account, routing)
        kind, label, bic = PayoutMethodKind.ACCOUNT, f"US account {BULLETS} {account[-4:]}", ""
    else:
        kind, (label, bic) = PayoutMethodKind.IBAN, _read_iban(given_iban, errors)
    if errors:
        raise Invalid(errors)
    found = Destination(holder, given_iban, bic, account, routing)
    return kind, label, {name: getattr(found, name) for name in Destination.__slots__}


def _read_iban(text: str, errors: list[FieldError]) -> tuple[str, str]:
    """What people call the account, and its bank's BIC; notes what is wrong with it."""
    if not text:
        words = "Give the IBAN, or account and routing number."
        errors.append(FieldError("iban", "required", words))
        return "", ""
    try:
        iban = IBAN(text)
    except SchwiftyException:
        words = "This is no valid IBAN; check its digits."
        errors.append(FieldError("iban", "invalid_iban", words))
        return "", ""
    masked = f"{iban.country_code}{BULLETS[:2]} {BULLETS} {iban.compact[-4:]}"
    bank = (iban.bank_name or "")[:80]
    return f"{bank}, {masked}" if bank else masked, str(iban.bic or "")


def _errors_of_account(account: str, routing: str) -> list[FieldError]:
    errors = []
    if not (_DIGITS.fullmatch(account) and 4 <= len(account) <= 17):
        words = "The account number has 4 to 17 digits."
        errors.append(FieldError("account_number", "invalid_account_number", words))
    if not _is_routing_number(routing):
        words = "This is no valid routing number; check its nine digits."
        errors.append(FieldError("routing_number", "invalid_routing_number", words))
    return errors


def _is_routing_number(text: str) -> bool:
    """Nine digits whose weighted sum is a multiple of ten, as the American Bankers Association has it."""
    if not (_DIGITS.fullmatch(text) and len(text) == 9):
        return False
    total = sum(int(digit) * ROUTING_WEIGHTS[place % 3] for place, digit in enumerate(text))
    return total > 0 and total % 10 == 0
