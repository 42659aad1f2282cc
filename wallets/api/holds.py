"""Money of one's wallet that staff keep back."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from accounts.enums import Scope
from common.api.schema import Operation, operation, page_schema
from wallets.api.payout_serializers import HoldOutput, HoldQuery
from wallets.selectors import holds_of


class HoldsView(ApiView):
    @operation(
        Operation(
            name="wallet_holds_list",
            tag="wallet",
            scope=Scope.MONEY_READ,
            query=HoldQuery,
            answers={200: page_schema(HoldOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List the amounts of one's wallet that staff keep back, or kept back, with the reason."""
        return self.page(holds_of(self.user), HoldOutput)
