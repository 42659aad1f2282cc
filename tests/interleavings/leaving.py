"""Grounds of money that leaves wallets: withdrawals, what becomes of them, clearing, holds."""

from datetime import timedelta
from functools import partial

from djmoney.money import Money

from gigs.models import Project
from tests.builders import active_project, paid_invoice
from tests.factories import AT, UserFactory
from tests.interleavings.grounds import LATER, Ground, Operation, Work
from tests.wallets.withdrawing import answer_of, bank_account
from wallets.enums import PayoutResult
from wallets.models import Withdrawal
from wallets.services import (
    HoldTerms,
    clearings_finish,
    hold_place,
    withdrawal_cancel,
    withdrawal_claim,
    withdrawal_conclude,
    withdrawal_freeze,
    withdrawal_reject,
    withdrawal_request,
    withdrawal_resolve,
)

NET = Money("95.00", "USD")
"""What is left of a milestone when the fee is taken."""


class Withdrawals(Ground):
    """A withdrawal of a freelancer who has earned enough, approved but not on its way."""

    amount = Money("20.00", "USD")

    def __init__(self) -> None:
        project = active_project(tasks=1, budget="50000.00")
        paid_invoice(project)
        self.user, self.staff = project.freelancer, UserFactory(is_staff=True)
        self.method = bank_account(self.user)

    def request(self, amount: Money | None = None) -> Withdrawal:
        return withdrawal_request(
            method_id=self.method.pk, amount=amount or self.amount, by=self.user, at=AT
        )

    def fresh(self) -> dict[str, Operation]:
        self.withdrawal = self.request()
        about = {"withdrawal_id": self.withdrawal.pk, "at": AT}

        def send() -> None:
            if withdrawal_claim(**about) is not None:
                withdrawal_conclude(answer=answer_of(self.withdrawal), **about)

        return {
            "cancel": partial(withdrawal_cancel, by=self.user, **about),
            "reject": partial(withdrawal_reject, reason="Not now.", by=self.staff, **about),
            "send": send,
        }

    def facts(self) -> tuple:
        row = Withdrawal.objects.get(pk=self.withdrawal.pk)
        return row.status, row.frozen_at is None, row.paid_at is None


class Outcomes(Withdrawals):
    """A withdrawal on its way: the answer, an event of the provider, and staff who want to look."""

    def fresh(self) -> dict[str, Operation]:
        super().fresh()
        about = {"withdrawal_id": self.withdrawal.pk, "at": AT}
        withdrawal_claim(**about)
        returned = answer_of(self.withdrawal, PayoutResult.RETURNED, reason="account_closed")
        return {
            "hear that it is paid": partial(
                withdrawal_conclude, answer=answer_of(self.withdrawal), **about
            ),
            "hear that it came back": partial(withdrawal_conclude, answer=returned, **about),
            "hear nothing": partial(withdrawal_conclude, answer=None, **about),
            "freeze": partial(withdrawal_freeze, reason="Where is it?", by=self.staff, **about),
        }


class Frozen(Outcomes):
    """The same, frozen a minute ago: two of the staff say what became of it."""

    def fresh(self) -> dict[str, Operation]:
        operations = super().fresh()
        operations["freeze"]()
        resolve = partial(
            withdrawal_resolve,
            withdrawal_id=self.withdrawal.pk,
            reason="The statement says so.",
            by=self.staff,
            at=AT + timedelta(minutes=1),
        )
        return {
            **operations,
            "resolve as paid": partial(resolve, is_paid=True),
            "resolve as not paid": partial(resolve, is_paid=False),
        }


class Wallets(Work):
    """A wallet whose last 95.00 can be spent once."""

    def __init__(self) -> None:
        super().__init__()
        self.staff = UserFactory(is_staff=True)

    def prepare(self, project: Project) -> None:
        self.user = project.freelancer
        self.method = bank_account(self.user)

    def fresh(self) -> dict[str, Operation]:
        self.next_milestone()
        paid_invoice(self.project, position=self.position)
        terms = HoldTerms(NET, "Disputed.", "Terms 7.2", LATER.date())
        return {
            "withdraw": partial(
                withdrawal_request, method_id=self.method.pk, amount=NET, by=self.user, at=AT
            ),
            "hold": partial(hold_place, user_id=self.user.pk, terms=terms, by=self.staff, at=AT),
        }


class Clearings(Wallets):
    """Money that was earned and whose time has come."""

    clearing_days = 5

    def fresh(self) -> dict[str, Operation]:
        operations = super().fresh()
        clear = partial(clearings_finish, invoice_ids=[self.milestone.invoice.pk], at=LATER)
        return {"clear": clear, "withdraw": operations["withdraw"]}
