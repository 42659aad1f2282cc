"""What is asked of a provider by a call: two transactions with the provider's answer between them."""

from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

from django.db import transaction
from django.http import HttpResponseBase
from rest_framework.response import Response

from accounts import idempotency
from accounts.api.base import ApiView, keep, replay
from accounts.idempotency import Answered, Claimed, Started
from common.api import problems
from common.exceptions import DomainError
from common.models import PublicIdModel
from common.outage import through_outage
from wallets.providers import Answer

R = TypeVar("R", bound=PublicIdModel)


class TwoStepView(ApiView, Generic[R]):
    """A row that is noted down, asked about and concluded by one call.

    Two transactions, because a provider is asked in between: the first commits the key as started
    together with the row, the second settles and keeps the answer. Whoever comes back after a
    crash between them finds out from the row, which a job finishes. What needs nobody's answer has
    ended with the first. A database that goes away in between is waited for, for a moment.
    """

    busy: ClassVar[type[DomainError]]

    def shown(self, row: R) -> Response:
        """The answer about a row that has not failed."""
        raise NotImplementedError

    def refusal(self, row: R) -> DomainError | None:
        """Why the provider refused; None when it did not."""
        raise NotImplementedError

    def is_open(self, row: R) -> bool:
        """Whether its outcome is still to come."""
        raise NotImplementedError

    def ask(self, row: R) -> Answer | None:
        raise NotImplementedError

    def conclude(self, row: R, answer: Answer | None) -> R:
        raise NotImplementedError

    def known(self, reference: str) -> R:
        """The row that an earlier request with the key began."""
        raise NotImplementedError

    def execute(self, begin: Callable[[], R]) -> HttpResponseBase:
        with transaction.atomic():
            claimed = idempotency.claim(self.asked, at=self.at) if self.asked else None
            if isinstance(claimed, Answered):
                return replay(claimed)
            if isinstance(claimed, Started):
                return self._finish(claimed)
            row = begin()
            if claimed is not None:
                idempotency.refer(claimed, reference=row.public_id)
            if not self.is_open(row):
                return self._kept(row, claimed)
        answer = through_outage(lambda: self.ask(row))
        return through_outage(lambda: self._concluded(row, answer, claimed))

    @transaction.atomic
    def _concluded(self, row: R, answer: Answer | None, claimed: Claimed | None) -> Response:
        return self._kept(self.conclude(row, answer), claimed)

    def _kept(self, row: R, claimed: Claimed | None) -> Response:
        response = self._answer(row)
        if claimed is not None:
            keep(claimed, response)
        return response

    def _finish(self, started: Started) -> Response:
        """The answer of a request that began and never told: what became of its row."""
        row = self.known(started.reference)
        if self.is_open(row):
            raise self.busy
        response = self._answer(row)
        keep(started, response)
        response["Idempotency-Replayed"] = "true"
        return response

    def _answer(self, row: R) -> Response:
        refusal = self.refusal(row)
        if refusal is None:
            return self.shown(row)
        refused = problems.of_refusal(refusal)
        return Response(
            refused.as_dict(), status=refused.status, content_type=problems.CONTENT_TYPE
        )
