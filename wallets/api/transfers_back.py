"""Credit that goes back to the account that a bank transfer came from."""

from typing import Any, Final

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, idempotent
from accounts.enums import Scope
from accounts.exceptions import StepUpRequired
from common.api.schema import Operation, operation
from common.exceptions import Missing, PermissionRefused
from gigs.api.serializers import FIRST_PART
from invoicing.api.serializers import NOTHING
from wallets.api.credit_serializers import TakeBackInput, TransferBackPreviewOutput
from wallets.api.payout_serializers import WITHDRAWAL, WithdrawalOutput
from wallets.api.reads import payments_for
from wallets.api.serializers import PAYMENT_ID
from wallets.exceptions import (
    CameByProvider,
    InsufficientFunds,
    NothingToTakeBack,
    TakeBackInProgress,
    TransferAccountUnknown,
    WithdrawalsClosed,
)
from wallets.services import transfer_back_preview, transfer_back_request

REFUSALS = [
    Missing,
    PermissionRefused,
    CameByProvider,
    NothingToTakeBack,
    InsufficientFunds,
    TakeBackInProgress,
    TransferAccountUnknown,
    WithdrawalsClosed,
]

EXAMPLE: Final = {
    **WITHDRAWAL,
    "status": "approved",
    "amount": FIRST_PART,
    "fee": NOTHING,
    "net": FIRST_PART,
    "payment_id": PAYMENT_ID,
    "ended_at": None,
}


class SendingBackView(ApiView):
    """What asking for a transfer back and previewing one share."""

    def wish(self) -> dict[str, Any]:
        """Payment and amount of the body."""
        given = self.body(TakeBackInput)
        payment = payments_for(self.user).by_public_id(given["payment_id"])
        return {"payment_id": payment.pk, "amount": given.get("amount")}


class TransferBackView(SendingBackView):
    @operation(
        Operation(
            name="credit_transfer_back",
            tag="credit",
            scope=Scope.WITHDRAWALS_WRITE,
            request=TakeBackInput,
            answers={201: WithdrawalOutput},
            refusals=[*REFUSALS, StepUpRequired],
            takes_key=True,
            needs_key=True,
            example=EXAMPLE,
        )
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Send credit back to the account that one's bank transfer came from.

        The amount is reserved at once and leaves by the operator's next payment file, without a
        fee; above a limit it stays `requested` until staff approve it. It is a withdrawal: it is
        listed, read and cancelled as one.
        """
        made = transfer_back_request(**self.wish(), by=self.user, at=self.at)
        return Response(WithdrawalOutput(made).data, status=201)


class TransferBackPreviewView(SendingBackView):
    @operation(
        Operation(
            name="credit_transfer_back_preview",
            tag="credit",
            scope=Scope.MONEY_READ,
            request=TakeBackInput,
            answers={200: TransferBackPreviewOutput},
            refusals=REFUSALS,
        )
    )
    def post(self, request: Request) -> Response:
        """See what a transfer back would do; nothing is changed."""
        preview = transfer_back_preview(**self.wish(), by=self.user, at=self.at)
        return Response(TransferBackPreviewOutput(preview).data)
