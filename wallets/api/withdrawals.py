"""Withdrawals."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, idempotent
from accounts.enums import Scope
from accounts.exceptions import StepUpRequired
from common.api.schema import Operation, operation, page_schema
from common.exceptions import PermissionRefused
from wallets.api.payout_serializers import (
    WithdrawalInput,
    WithdrawalOutput,
    WithdrawalPreviewOutput,
    WithdrawalQuery,
)
from wallets.exceptions import (
    InsufficientFunds,
    PayoutMethodCoolingOff,
    PayoutMethodUnknown,
    WithdrawalsClosed,
    WithdrawalTooSmall,
    WithdrawalTransitionRefused,
)
from wallets.models import PayoutMethod
from wallets.selectors import payout_methods_of, withdrawals_of
from wallets.services import withdrawal_cancel, withdrawal_preview, withdrawal_request

REFUSALS = [
    PermissionRefused,
    PayoutMethodUnknown,
    PayoutMethodCoolingOff,
    WithdrawalTooSmall,
    InsufficientFunds,
    WithdrawalsClosed,
]


class AskingView(ApiView):
    """What asking for a withdrawal and previewing one share."""

    def wish(self) -> dict[str, Any]:
        """Amount and payout method of the body."""
        given = self.body(WithdrawalInput)
        try:
            method = payout_methods_of(self.user).by_public_id(given["payout_method"])
        except PayoutMethod.DoesNotExist:
            raise PayoutMethodUnknown from None
        return {"method_id": method.pk, "amount": given["amount"]}


class WithdrawalsView(AskingView):
    @operation(
        Operation(
            name="withdrawals_list",
            tag="withdrawals",
            scope=Scope.MONEY_READ,
            query=WithdrawalQuery,
            answers={200: page_schema(WithdrawalOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List one's withdrawals."""
        return self.page(withdrawals_of(self.user).filter(**self.filters()), WithdrawalOutput)

    @operation(
        Operation(
            name="withdrawal_request",
            tag="withdrawals",
            scope=Scope.WITHDRAWALS_WRITE,
            request=WithdrawalInput,
            answers={201: WithdrawalOutput},
            refusals=[*REFUSALS, StepUpRequired],
            takes_key=True,
            needs_key=True,
        )
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Withdraw money to a bank account.

        The amount is reserved at once. Up to a limit the withdrawal is `approved` and sent by
        itself; above it, it stays `requested` until staff approve it.
        """
        withdrawal = withdrawal_request(**self.wish(), by=self.user, at=self.at)
        return Response(WithdrawalOutput(withdrawal).data, status=201)


class WithdrawalPreviewView(AskingView):
    @operation(
        Operation(
            name="withdrawal_preview",
            tag="withdrawals",
            scope=Scope.MONEY_READ,
            request=WithdrawalInput,
            answers={200: WithdrawalPreviewOutput},
            refusals=REFUSALS,
        )
    )
    def post(self, request: Request) -> Response:
        """See fee and net amount of a withdrawal; nothing is changed."""
        preview = withdrawal_preview(**self.wish(), by=self.user, at=self.at)
        return Response(WithdrawalPreviewOutput(preview).data)


class WithdrawalView(ApiView):
    @operation(
        Operation(
            name="withdrawal_read",
            tag="withdrawals",
            scope=Scope.MONEY_READ,
            answers={200: WithdrawalOutput},
        )
    )
    def get(self, request: Request, withdrawal_id: str) -> Response:
        """Read a withdrawal and how it ended."""
        return Response(
            WithdrawalOutput(withdrawals_of(self.user).by_public_id(withdrawal_id)).data
        )


class WithdrawalCancelView(ApiView):
    @operation(
        Operation(
            name="withdrawal_cancel",
            tag="withdrawals",
            scope=Scope.WITHDRAWALS_WRITE,
            answers={200: WithdrawalOutput},
            refusals=[StepUpRequired, WithdrawalTransitionRefused],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, withdrawal_id: str) -> Response:
        """Take back a withdrawal that is not on its way yet."""
        self.empty_body()
        own = withdrawals_of(self.user).by_public_id(withdrawal_id)
        withdrawal = withdrawal_cancel(withdrawal_id=own.pk, by=self.user, at=self.at)
        return Response(WithdrawalOutput(withdrawal).data)
