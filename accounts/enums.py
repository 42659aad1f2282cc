"""Roles, scopes, and what the law needs to know of a party."""

from typing import Final

from django.db import models


class Role(models.TextChoices):
    """What a user is on the platform; one person can be both."""

    FREELANCER = "freelancer", "Freelancer"
    COMMISSIONER = "commissioner", "Commissioner"


class TaxStatus(models.TextChoices):
    """How a seller stands with the tax office of the own country."""

    REGISTERED = "registered", "I am registered and charge VAT or GST"
    SMALL_BUSINESS = "small_business", "I am exempt as a small business"
    NOT_REGISTERED = "not_registered", "I am not registered for VAT or GST"


class PartyKind(models.TextChoices):
    """As what somebody buys. An organisation always buys as a business."""

    BUSINESS = "business", "For my business"
    CONSUMER = "consumer", "As a private person"


class Scope(models.TextChoices):
    """What an API token may do."""

    GIGS_READ = "gigs:read", "Read gigs, applications, projects and milestones"
    GIGS_WRITE = "gigs:write", "Post, apply, match, submit, approve"
    MONEY_READ = "money:read", "Read invoices, payments and the wallet"
    MONEY_WRITE = "money:write", "Pay invoices, manage payment methods"
    WITHDRAWALS_WRITE = "withdrawals:write", "Withdraw money, manage payout methods"


STEP_UP: Final = frozenset({Scope.WITHDRAWALS_WRITE})
"""Scopes for those alone who have just proved again who they are."""
ORDINARY: Final = tuple(scope for scope in Scope if scope not in STEP_UP)


class KeyState(models.TextChoices):
    """An idempotency key while its request runs, and once its answer is kept."""

    STARTED = "started"
    ANSWERED = "answered"
