"""Wallets: balances, the statement, and the preview of an approval."""

import re
from typing import ClassVar, Final

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from accounts.enums import Scope
from common.api.query import DEFAULT_LIMIT
from common.api.schema import Operation, operation, page_schema
from common.api.serializers import Output
from common.exceptions import FieldError, Invalid, PermissionRefused
from gigs.api.parts import REFUSALS as PART_REFUSALS
from gigs.api.parts import PartInput, part_of
from gigs.api.serializers import ApproveInput
from gigs.exceptions import CreditShort, MilestoneTransitionRefused
from gigs.models import Milestone
from wallets.api.reads import (
    StatementPlace,
    clearings_for,
    past_wallet_of,
    statement_rows,
    wallet_of,
)
from wallets.api.serializers import (
    ClearingOutput,
    ClearingQuery,
    PastQuery,
    PastWalletOutput,
    PreviewOutput,
    StatementLineOutput,
    StatementQuery,
    WalletOutput,
)
from wallets.enums import AccountKind
from wallets.services import approval_preview

CURSOR: Final = re.compile(r"(before|after)-([1-9][0-9]{0,17})", re.ASCII)


class WalletView(ApiView):
    @operation(
        Operation(
            name="wallet_read", tag="wallet", scope=Scope.MONEY_READ, answers={200: WalletOutput}
        )
    )
    def get(self, request: Request) -> Response:
        """Read one's balances, one for each currency."""
        return Response(WalletOutput({"balances": wallet_of(self.user)}).data)


class PastWalletView(ApiView):
    @operation(
        Operation(
            name="wallet_past_read",
            tag="wallet",
            scope=Scope.MONEY_READ,
            query=PastQuery,
            answers={200: PastWalletOutput},
        )
    )
    def get(self, request: Request) -> Response:
        """Read what one's wallet had at a moment, a balance for each currency."""
        at = self.params["at"]
        balances = past_wallet_of(self.user, at=at)
        return Response(PastWalletOutput({"at": at, "balances": balances}).data)


class ClearingsView(ApiView):
    @operation(
        Operation(
            name="wallet_clearings_list",
            tag="wallet",
            scope=Scope.MONEY_READ,
            query=ClearingQuery,
            answers={200: page_schema(ClearingOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List what one has earned and cannot spend yet, the next first."""
        return self.page(clearings_for(self.user, **self.filters()), ClearingOutput)


class StatementView(ApiView):
    """A statement in pages by place, of available money or of another account of a user."""

    kind: ClassVar[AccountKind] = AccountKind.AVAILABLE
    output: ClassVar[type[Output]] = StatementLineOutput

    @operation(
        Operation(
            name="wallet_transactions_list",
            tag="wallet",
            scope=Scope.MONEY_READ,
            query=StatementQuery,
            answers={200: page_schema(StatementLineOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List the movements on one's wallet, newest first, with the balance after each."""
        return self.listed()

    def listed(self) -> Response:
        """The page that the query string asks for."""
        limit = self.params.get("limit", DEFAULT_LIMIT)
        page = self._place()
        rows = statement_rows(
            self.user,
            page=page,
            currency=self.params.get("currency"),
            until=self.params.get("until"),
            limit=limit + 1,
            kind=self.kind,
        )
        has_more = len(rows) > limit
        if page.is_after:
            rows = rows[-limit:]
            has_next, has_previous = bool(rows), has_more
        else:
            rows = rows[:limit]
            has_next, has_previous = has_more, bool(rows) and page.place is not None
        return Response(
            {
                "results": self.output(rows, many=True).data,
                "next": self._address(f"before-{rows[-1].place}") if has_next else None,
                "previous": self._address(f"after-{rows[0].place}") if has_previous else None,
            }
        )

    def _place(self) -> StatementPlace:
        cursor = self.params.get("cursor")
        if cursor is None:
            return StatementPlace(is_after=False, place=None)
        match = CURSOR.fullmatch(cursor)
        if match is None:
            raise Invalid(
                [FieldError("cursor", "invalid_cursor", "This is no cursor of this list.")]
            )
        return StatementPlace(is_after=match[1] == "after", place=int(match[2]))

    def _address(self, cursor: str) -> str:
        params = self.request.query_params.copy()
        params["cursor"] = cursor
        return self.request.build_absolute_uri(f"{self.request.path}?{params.urlencode()}")


class ApprovePartPreviewView(ApiView):
    @operation(
        Operation(
            name="milestone_approve_part_preview",
            tag="milestones",
            scope=Scope.MONEY_READ,
            request=PartInput,
            answers={200: PreviewOutput},
            refusals=PART_REFUSALS,
        )
    )
    def post(self, request: Request, milestone_id: str) -> Response:
        """See what approving a part of a milestone, and then paying its invoice, would do.

        Nothing is changed.
        """
        part = part_of(self.body(PartInput))
        milestone = Milestone.objects.for_user(self.user).only("pk").by_public_id(milestone_id)
        preview = approval_preview(milestone_id=milestone.pk, part=part, by=self.user, at=self.at)
        return Response(PreviewOutput(preview).data)


class ApprovePreviewView(ApiView):
    @operation(
        Operation(
            name="milestone_approve_preview",
            tag="milestones",
            scope=Scope.MONEY_READ,
            request=ApproveInput,
            answers={200: PreviewOutput},
            refusals=[PermissionRefused, MilestoneTransitionRefused, CreditShort],
        )
    )
    def post(self, request: Request, milestone_id: str) -> Response:
        """See what approving a milestone, and then paying its invoice, would do.

        Nothing is changed.
        """
        given = self.body(ApproveInput)
        milestone = Milestone.objects.for_user(self.user).only("pk").by_public_id(milestone_id)
        preview = approval_preview(milestone_id=milestone.pk, **given, by=self.user, at=self.at)
        return Response(PreviewOutput(preview).data)
