"""Files that travel with a mail: upper apps say how theirs are read, in ready().

A mail's job names the files; they are read when it is sent, so that no job carries bytes.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from django.conf import settings


class Attachment(NamedTuple):
    """One file of a mail."""

    name: str
    media_type: str
    content: bytes


class AttachmentMissing(RuntimeError):
    """Files that a mail names are not there yet: it is tried again later."""


Reader = Callable[[str], Sequence[Attachment]]
_readers: Final[dict[str, Reader]] = {}


def register(kind: str, reader: Reader) -> None:
    """Let mails name files of this kind; the reader finds them by their key, the best first."""
    _readers[kind] = reader


def attachments_of(kind: str, key: str) -> list[Attachment]:
    """The files that fit into a mail of MAIL_ATTACHMENT_LIMIT bytes, the best first.

    AttachmentMissing when there are none at all.
    """
    found = _readers[kind](key)
    if not found:
        raise AttachmentMissing(f"{kind} {key}")
    fitting: list[Attachment] = []
    left = settings.MAIL_ATTACHMENT_LIMIT
    for file in found:
        if len(file.content) <= left:
            fitting.append(file)
            left -= len(file.content)
    return fitting
