"""Refusals around people and their access."""

from common.exceptions import DomainError


class EmailTaken(DomainError):
    """Somebody has this address already. The browser's form never says so."""

    code = "email_taken"
    default_message = "There is an account with this e-mail address already."


class OwnAccount(DomainError):
    """Staff cannot lock themselves out."""

    code = "own_account"
    default_message = "You cannot deactivate your own account."


class InvalidCredentials(DomainError):
    code = "invalid_credentials"
    status = 401
    default_message = "This e-mail address and password do not belong together."


class OtpRequired(DomainError):
    """The account has two-factor authentication and no code came with the password."""

    code = "otp_required"
    status = 401
    default_message = "Send a one-time code of your authenticator as `otp`."


class OtpInvalid(DomainError):
    code = "otp_invalid"
    status = 401
    default_message = "This one-time code is not valid."


class EmailUnconfirmed(DomainError):
    code = "email_unconfirmed"
    status = 403
    default_message = "Confirm your e-mail address first; we have sent you a link."


class TokenAbsent(DomainError):
    """Only a call that presents a token can revoke the presented token."""

    code = "token_absent"
    status = 400
    default_message = "This call did not present a token."


class TooManyCalls(DomainError):
    code = "rate_limited"
    status = 429
    default_message = "Too many calls; wait a moment."

    def __init__(self, *, wait: int) -> None:
        super().__init__()
        self.retry_after = wait


class KeyMalformed(DomainError):
    code = "idempotency_key_malformed"
    status = 400
    default_message = "Idempotency-Key must be 1 to 255 visible ASCII characters."


class KeyRequired(DomainError):
    code = "idempotency_key_required"
    status = 400
    default_message = "A token call that moves money needs an Idempotency-Key."


class KeyReused(DomainError):
    code = "idempotency_key_reused"
    status = 422
    default_message = "This Idempotency-Key came with another request before."


class KeyInFlight(DomainError):
    code = "idempotency_key_in_flight"
    default_message = "The first request with this Idempotency-Key is still running."
    retry_after = 1


class StepUpRequired(DomainError):
    """The browser's session is too old for this; a token needs the scope instead."""

    code = "step_up_required"
    status = 403
    default_message = "Confirm your password or a one-time code first; that holds for five minutes."
