"""What the page and the XML files make of the words that people wrote."""

import re
import unicodedata
from typing import Final

from invoicing.documents.language import wording_of
from invoicing.documents.model import Document, Note

_ILLEGAL: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TURNING: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def for_xml(text: str) -> str:
    """The text with what XML may not hold left out, and without marks that turn the direction.

    A mark such as RIGHT-TO-LEFT OVERRIDE would show another text than the one that is stored.
    Line ends inside notes stay; everything else is kept, emoji too.
    """
    return _TURNING.sub("", _ILLEGAL.sub("", text)).strip()


def for_page(text: str) -> str:
    """The same for the page: composed characters, spaces for controls, line ends kept."""
    lines = unicodedata.normalize("NFC", for_xml(text)).split("\n")
    return "\n".join(_CONTROLS.sub(" ", line).strip() for line in lines)


def _names_subjects(document: Document) -> bool:
    """France wants them (BR-FR-05); elsewhere UBL would only show "#AAI#" before the text."""
    return any(note.subject for note in document.notes)


def notes_of(document: Document) -> list[Note]:
    """The document's notes, after those that follow from who issued it."""
    wording = wording_of(document.language)
    notes = []
    if document.type_code.is_self_billed:
        notes.append(Note(text=wording.self_billing))
    elif document.issued_by:
        sentence = wording.issued_by.format(
            issuer=document.issued_by, seller=document.seller.legal_name
        )
        notes.append(Note(text=sentence, subject="AAI" if _names_subjects(document) else ""))
    return [*notes, *document.notes]
