"""Bank accounts to withdraw to."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, idempotent
from accounts.enums import Scope
from accounts.exceptions import StepUpRequired
from common.api.query import ListQuery
from common.api.schema import Operation, operation, page_schema
from common.exceptions import PermissionRefused
from wallets.api.payout_serializers import PayoutMethodInput, PayoutMethodOutput
from wallets.exceptions import TooManyPayoutMethods
from wallets.selectors import payout_methods_of
from wallets.services import BankDetails, payout_method_add, payout_method_remove


class PayoutMethodsView(ApiView):
    @operation(
        Operation(
            name="payout_methods_list",
            tag="payout-methods",
            scope=Scope.MONEY_READ,
            query=ListQuery,
            answers={200: page_schema(PayoutMethodOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List the bank accounts that one withdraws to."""
        return self.page(payout_methods_of(self.user), PayoutMethodOutput)

    @operation(
        Operation(
            name="payout_method_add",
            tag="payout-methods",
            scope=Scope.WITHDRAWALS_WRITE,
            request=PayoutMethodInput,
            answers={201: PayoutMethodOutput},
            refusals=[PermissionRefused, StepUpRequired, TooManyPayoutMethods],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Add a bank account: its IBAN, or account and routing number.

        The numbers are kept encrypted and shown masked. Money can be withdrawn to it from
        `usable_at` on.
        """
        details = BankDetails(**self.body(PayoutMethodInput))
        method = payout_method_add(details=details, by=self.user, at=self.at)
        return Response(PayoutMethodOutput(method).data, status=201)


class PayoutMethodView(ApiView):
    @operation(
        Operation(
            name="payout_method_read",
            tag="payout-methods",
            scope=Scope.MONEY_READ,
            answers={200: PayoutMethodOutput},
        )
    )
    def get(self, request: Request, method_id: str) -> Response:
        """Read a bank account, masked."""
        method = payout_methods_of(self.user).by_public_id(method_id)
        return Response(PayoutMethodOutput(method).data)

    @operation(
        Operation(
            name="payout_method_remove",
            tag="payout-methods",
            scope=Scope.WITHDRAWALS_WRITE,
            answers={204: None},
            refusals=[StepUpRequired],
        )
    )
    def delete(self, request: Request, method_id: str) -> Response:
        """Remove a bank account; withdrawals to it that are under way go on."""
        method = payout_methods_of(self.user).by_public_id(method_id)
        payout_method_remove(method_id=method.pk, by=self.user, at=self.at)
        return Response(status=204)
