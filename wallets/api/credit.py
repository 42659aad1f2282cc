"""Prepaid credit: what there is, topping it up, and taking it back."""

from django.http import HttpResponseBase
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from accounts.enums import Scope
from common.api.schema import Operation, operation, page_schema
from common.exceptions import DomainError, Missing, PermissionRefused
from wallets.api.credit_serializers import (
    CreditLineOutput,
    CreditOutput,
    CreditPreviewOutput,
    TakeBackInput,
    TakeBackOutput,
    TakeBackQuery,
    ToppedUpOutput,
    TopUpInput,
)
from wallets.api.paying import PayingView
from wallets.api.reads import payments_for
from wallets.api.serializers import StatementQuery
from wallets.api.two_steps import TwoStepView
from wallets.api.wallet import StatementView
from wallets.enums import OPEN_TAKE_BACKS, AccountKind, TakeBackStatus
from wallets.exceptions import (
    CameByTransfer,
    InsufficientFunds,
    NothingToTakeBack,
    PaymentDeclined,
    PaymentInProgress,
    PaymentMethodUnknown,
    TakeBackInProgress,
    TakeBackRefused,
)
from wallets.models import Payment, TakeBack
from wallets.providers import Answer
from wallets.selectors import credit_balance, credit_of_user, take_backs_of
from wallets.services import (
    credit_top_up_begin,
    take_back_ask,
    take_back_begin,
    take_back_conclude,
    take_back_preview,
    top_up_preview,
)

TOP_UP_REFUSALS = [PermissionRefused, PaymentMethodUnknown, PaymentDeclined, PaymentInProgress]
TAKE_BACK_REFUSALS = [
    Missing,
    CameByTransfer,
    PermissionRefused,
    NothingToTakeBack,
    InsufficientFunds,
    TakeBackInProgress,
]


class CreditView(ApiView):
    @operation(
        Operation(
            name="credit_read", tag="credit", scope=Scope.MONEY_READ, answers={200: CreditOutput}
        )
    )
    def get(self, request: Request) -> Response:
        """Read one's credit, and what of it can go back where it came from."""
        balances, sources = credit_of_user(self.user)
        return Response(CreditOutput({"balances": balances, "sources": sources}).data)


class CreditStatementView(StatementView):
    kind = AccountKind.CREDIT
    output = CreditLineOutput

    @operation(
        Operation(
            name="credit_transactions_list",
            tag="credit",
            scope=Scope.MONEY_READ,
            query=StatementQuery,
            answers={200: page_schema(CreditLineOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List the movements on one's credit, newest first, with the balance after each."""
        return self.listed()


class TopUpView(PayingView):
    def shown(self, payment: Payment) -> Response:
        credit = credit_balance(self.user.pk, payment.currency)
        status = 202 if payment.ended_at is None else 200
        return Response(ToppedUpOutput({"payment": payment, "credit": credit}).data, status=status)

    @operation(
        Operation(
            name="credit_top_up",
            tag="credit",
            scope=Scope.MONEY_WRITE,
            request=TopUpInput,
            answers={200: ToppedUpOutput, 202: ToppedUpOutput},
            refusals=TOP_UP_REFUSALS,
            takes_key=True,
            needs_key=True,
        )
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Top credit up with a payment method.

        When it answers 200 what arrived is credit. 202 says that the provider did not answer in
        time; a job finds out.
        """

        def begin() -> Payment:
            given = self.body(TopUpInput)
            return credit_top_up_begin(
                amount=given["amount"],
                method=self.method_choice(given["payment_method"]),
                by=self.user,
                at=self.at,
            )

        return self.execute(begin)


class TopUpPreviewView(PayingView):
    @operation(
        Operation(
            name="credit_top_up_preview",
            tag="credit",
            scope=Scope.MONEY_READ,
            request=TopUpInput,
            answers={200: CreditPreviewOutput},
            refusals=[PermissionRefused, PaymentMethodUnknown],
        )
    )
    def post(self, request: Request) -> Response:
        """See what a top-up would do; nothing is changed and nobody is charged."""
        given = self.body(TopUpInput)
        preview = top_up_preview(
            amount=given["amount"],
            method=self.method_choice(given["payment_method"]),
            by=self.user,
            at=self.at,
        )
        return Response(CreditPreviewOutput(preview).data)


class TakingBackView(TwoStepView[TakeBack]):
    """Credit taken back by a call."""

    busy = TakeBackInProgress

    def is_open(self, row: TakeBack) -> bool:
        return row.status in OPEN_TAKE_BACKS

    def ask(self, row: TakeBack) -> Answer | None:
        return take_back_ask(row)

    def conclude(self, row: TakeBack, answer: Answer | None) -> TakeBack:
        return take_back_conclude(take_back_id=row.pk, answer=answer, at=timezone.now())

    def known(self, reference: str) -> TakeBack:
        return take_backs_of(self.user.pk).by_public_id(reference)

    def refusal(self, row: TakeBack) -> DomainError | None:
        return TakeBackRefused() if row.status == TakeBackStatus.FAILED else None

    def shown(self, row: TakeBack) -> Response:
        return Response(TakeBackOutput(row).data, status=202 if row.ended_at is None else 200)

    def named(self, public_id: object) -> int:
        """The payment of the body."""
        return payments_for(self.user).by_public_id(str(public_id)).pk


class TakeBackView(TakingBackView):
    @operation(
        Operation(
            name="credit_take_back",
            tag="credit",
            scope=Scope.MONEY_WRITE,
            request=TakeBackInput,
            answers={200: TakeBackOutput, 202: TakeBackOutput},
            refusals=[*TAKE_BACK_REFUSALS, TakeBackRefused],
            takes_key=True,
            needs_key=True,
        )
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Take credit back to the method that brought it, along one of one's payments.

        At most what that payment brought and is still credit; what was spent is what came in first.
        202 says that the provider did not answer in time: the amount stays reserved, and a job finds
        out.
        """

        def begin() -> TakeBack:
            given = self.body(TakeBackInput)
            return take_back_begin(
                payment_id=self.named(given["payment_id"]),
                amount=given.get("amount"),
                by=self.user,
                at=self.at,
            )

        return self.execute(begin)


class TakeBackPreviewView(TakingBackView):
    @operation(
        Operation(
            name="credit_take_back_preview",
            tag="credit",
            scope=Scope.MONEY_READ,
            request=TakeBackInput,
            answers={200: CreditPreviewOutput},
            refusals=TAKE_BACK_REFUSALS,
        )
    )
    def post(self, request: Request) -> Response:
        """See what taking credit back would do; nothing is changed."""
        given = self.body(TakeBackInput)
        preview = take_back_preview(
            payment_id=self.named(given["payment_id"]),
            amount=given.get("amount"),
            by=self.user,
            at=self.at,
        )
        return Response(CreditPreviewOutput(preview).data)


class TakeBacksView(ApiView):
    @operation(
        Operation(
            name="credit_take_backs_list",
            tag="credit",
            scope=Scope.MONEY_READ,
            query=TakeBackQuery,
            answers={200: page_schema(TakeBackOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List the credit that one took back, such as what has no outcome yet."""
        return self.page(take_backs_of(self.user.pk), TakeBackOutput)
