"""Anchoring: a signed statement of all chains, kept here and appended to a file outside."""

import fcntl
import logging
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from wallets.integrity import anchors, snapshot
from wallets.integrity.anchors import NoAnchorKey, Signed
from wallets.integrity.snapshot import Query, Row
from wallets.models import Anchor

ANCHOR: Final = "books.anchor"
KEEP_HEADS: Final = """
INSERT INTO wallets_anchoredhead (anchor_id, account_id, shard, seq, head)
SELECT %s, * FROM unnest(%s::bigint[], %s::smallint[], %s::bigint[], %s::bytea[])
"""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AnchorDraft:
    """A signed anchor that is not kept yet, and the chains that grew since the one before."""

    anchor: Signed
    moved: list[Row]


def anchor_draft() -> AnchorDraft | None:
    """Sign what all chains are now; None when none grew, or without a key."""
    with snapshot() as moment:
        heads, moved = anchors.heads_now(moment)
        if not moved:
            return None
        newest = Anchor.objects.order_by("-number").first()
        [(at,)] = moment.rows(Query("SELECT clock_timestamp()"))
    try:
        anchor = anchors.sign(heads, after=anchors.of_row(newest) if newest else None, at=at)
    except NoAnchorKey:
        logger.warning("books are not anchored", extra={"reason": "ANCHOR_KEY"})
        return None
    return AnchorDraft(anchor=anchor, moved=moved)


@transaction.atomic
def anchor_keep(draft: AnchorDraft) -> Anchor | None:
    """Keep the anchor and its heads; None when somebody else's came first.

    It goes to the file outside after the commit: what is published is always here too.
    """
    newest = Anchor.objects.order_by("-number").values_list("number", flat=True).first() or 0
    if newest != draft.anchor.number - 1:
        return None
    anchor = Anchor.objects.create(
        number=draft.anchor.number,
        at=draft.anchor.at,
        chains=draft.anchor.chains,
        root=draft.anchor.root,
        previous=draft.anchor.previous,
        public_key=draft.anchor.public_key,
        signature=draft.anchor.signature,
    )
    columns = [list(column) for column in zip(*draft.moved, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(KEEP_HEADS, [anchor.number, *columns])
    transaction.on_commit(partial(anchors_publish), robust=True)
    return anchor


def anchors_publish() -> int:
    """Append to ANCHOR_FILE the anchors that it lacks; how many. Nothing is ever rewritten there.

    A file that holds something else than the books do is left alone for verify_money to report.
    """
    if not settings.ANCHOR_FILE:
        return 0
    path = Path(settings.ANCHOR_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        line = anchors.last_line(path)
        known = _known(line) if line else 0
        if known is None:
            logger.error("the file of anchors differs", extra={"path": str(path)})
            return 0
        missing = [
            anchors.of_row(row)
            for row in Anchor.objects.filter(number__gt=known).order_by("number")
        ]
        file.writelines(anchors.line_of(anchor) for anchor in missing)
        file.flush()
        os.fsync(file.fileno())
    return len(missing)


def _known(line: str) -> int | None:
    """The number of the anchor in that line, if the books have the very same one."""
    number = anchors.number_in(line)
    anchor = Anchor.objects.filter(number=number).first()
    return number if anchor and anchors.line_of(anchors.of_row(anchor)) == line else None
