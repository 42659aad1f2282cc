"""Write docs/states.md from the transition tables, or print it with --print."""

import sys
from pathlib import Path

from django.db.models import TextChoices

from gigs.enums import (
    APPLICATION_TRANSITIONS,
    GIG_TRANSITIONS,
    MILESTONE_TRANSITIONS,
    PROJECT_TRANSITIONS,
    REFUND_TRANSITIONS,
)
from invoicing.enums import DRAFT_TRANSITIONS, EXPORT_TRANSITIONS, INVOICE_TRANSITIONS
from wallets.enums import (
    BANK_MATCH_TRANSITIONS,
    CREDIT_REQUEST_TRANSITIONS,
    PAYMENT_TRANSITIONS,
    TAKE_BACK_TRANSITIONS,
    WITHDRAWAL_TRANSITIONS,
)

TARGET = Path(__file__).resolve().parent.parent / "docs" / "states.md"
MACHINES = {
    "Gig": GIG_TRANSITIONS,
    "Application": APPLICATION_TRANSITIONS,
    "Project": PROJECT_TRANSITIONS,
    "Milestone": MILESTONE_TRANSITIONS,
    "Refund request": REFUND_TRANSITIONS,
    "Invoice": INVOICE_TRANSITIONS,
    "Draft of an invoice": DRAFT_TRANSITIONS,
    "Archive of invoices": EXPORT_TRANSITIONS,
    "Payment": PAYMENT_TRANSITIONS,
    "Take-back of credit": TAKE_BACK_TRANSITIONS,
    "Withdrawal": WITHDRAWAL_TRANSITIONS,
    "Bank match": BANK_MATCH_TRANSITIONS,
    "Credit request": CREDIT_REQUEST_TRANSITIONS,
}


def diagram(table: dict[TextChoices, frozenset[TextChoices]]) -> str:
    """A Mermaid state diagram of one table."""
    lines = ["```mermaid", "stateDiagram-v2"]
    for state, following in table.items():
        lines += [f"    {state.value} --> {after.value}" for after in sorted(following)]
        if not following:
            lines.append(f"    {state.value} --> [*]")
    return "\n".join([*lines, "```"])


def document() -> str:
    """The whole page."""
    parts = ["# States", "Generated from the transition tables by `make states`; do not edit."]
    for name, table in MACHINES.items():
        parts += [f"## {name}", diagram(table)]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    if "--print" in sys.argv:
        print(document(), end="")
    else:
        TARGET.write_text(document(), encoding="utf-8")
