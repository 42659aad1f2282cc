"""Receipts: a line of one's statement with all that proves it to others."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from accounts.enums import Scope
from common.api.schema import Operation, operation
from common.api.serializers import Output
from wallets import integrity
from wallets.exceptions import NotAnchoredYet, StatementLineUnknown

HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class ReceiptAccountOutput(Output):
    """Which chain of the ledger the line is in."""

    id = serializers.IntegerField()
    shard = serializers.IntegerField()
    currency = serializers.CharField()


class ReceiptJournalOutput(Output):
    """The movement that an entry belongs to, as its hash covers it."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    about_type = serializers.CharField()
    about_id = serializers.IntegerField()
    key = serializers.CharField()
    reverses = serializers.IntegerField(allow_null=True)
    posted_at = serializers.CharField()


class ReceiptEntryOutput(Output):
    """One of one's own entries; amounts are signed minor units."""

    seq = serializers.IntegerField()
    leg = serializers.IntegerField()
    amount = serializers.IntegerField()
    balance_after = serializers.IntegerField()
    hash = serializers.CharField()
    journal = ReceiptJournalOutput()


class InclusionOutput(Output):
    """The way from the chain's head to the root of the tree over all chains."""

    index = serializers.IntegerField()
    leaves = serializers.IntegerField()
    path = serializers.ListField(child=serializers.CharField())


class AnchorOutput(Output):
    """A signed statement of what all chains were. The status page lists them."""

    number = serializers.IntegerField()
    at = serializers.CharField()
    chains = serializers.IntegerField()
    root = serializers.CharField()  # type: ignore[assignment]
    previous = serializers.CharField()
    key = serializers.CharField()
    signature = serializers.CharField()


class ReceiptOutput(Output):
    """What `tools/verify_receipt.py` checks without the platform."""

    example = {
        "format": "tranche-receipt-v1",
        "account": {"id": 2, "shard": 0, "currency": "USD"},
        "line": 1,
        "head_before": HASH,
        "entries": [
            {
                "seq": 1,
                "leg": 2,
                "amount": 316667,
                "balance_after": 316667,
                "hash": HASH,
                "journal": {
                    "id": 1,
                    "kind": "settlement",
                    "about_type": "invoice",
                    "about_id": 1,
                    "key": "settle:inv_0f1e2d3c4b5a49788a9b0c1d2e3f4a5b",
                    "reverses": None,
                    "posted_at": "2026-11-24T12:00:00.000000Z",
                },
            }
        ],
        "inclusion": {"index": 1, "leaves": 2, "path": [HASH]},
        "anchor": {
            "number": 1,
            "at": "2026-11-24T12:01:00.000000Z",
            "chains": 2,
            "root": HASH,
            "previous": "0" * 64,
            "key": HASH,
            "signature": HASH * 2,
        },
    }

    format = serializers.CharField()
    account = ReceiptAccountOutput()
    line = serializers.IntegerField()
    head_before = serializers.CharField()
    entries = ReceiptEntryOutput(many=True)
    inclusion = InclusionOutput()
    anchor = AnchorOutput()


class ReceiptView(ApiView):
    @operation(
        Operation(
            name="wallet_receipt_read",
            tag="wallet",
            scope=Scope.MONEY_READ,
            answers={200: ReceiptOutput},
            refusals=[StatementLineUnknown, NotAnchoredYet],
        )
    )
    def get(self, request: Request, currency: str, line: int) -> Response:
        """Read what proves one line of one's statement to anybody.

        It holds one's own entries from that line to the head that the first anchor after it
        signs, and of everybody else nothing but hashes.
        """
        receipt = integrity.receipt_of(user_id=self.user.pk, currency=currency, line=line)
        return Response(ReceiptOutput(receipt).data)
