"""People, organisations, tokens, idempotency keys and the audit log."""

from accounts.models.access import ApiToken, IdempotencyKey, RateWindow
from accounts.models.audit import AuditEvent
from accounts.models.people import (
    CommissionerProfile,
    FreelancerProfile,
    LegalParty,
    Logo,
    Organisation,
    User,
)

__all__ = [
    "ApiToken",
    "AuditEvent",
    "CommissionerProfile",
    "FreelancerProfile",
    "IdempotencyKey",
    "LegalParty",
    "Logo",
    "Organisation",
    "RateWindow",
    "User",
]
