"""All files of a document: the page for people, CII and UBL for programs, the data they are of."""

from dataclasses import dataclass

from invoicing.documents.model import Document
from invoicing.documents.pdf import render_pdf
from invoicing.documents.rules import gaps
from invoicing.documents.stored import to_json
from invoicing.documents.xml import cii_of, ubl_of
from invoicing.enums import DocumentKind


@dataclass(frozen=True, slots=True)
class Files:
    """The bytes that are kept. `ubl` and `cii` are None where legal data are missing."""

    data: bytes
    pdf: bytes
    cii: bytes | None
    ubl: bytes | None

    def by_kind(self) -> dict[DocumentKind, bytes]:
        """Those that there are."""
        made = {
            DocumentKind.DATA: self.data,
            DocumentKind.PDF: self.pdf,
            DocumentKind.UBL: self.ubl,
            DocumentKind.CII: self.cii,
        }
        return {kind: content for kind, content in made.items() if content is not None}


def files_of(document: Document, *, logo: bytes | None = None) -> Files:
    """The same bytes for the same document and the logo that it names. RenderedBeforeFork."""
    is_whole = not gaps(document)
    cii = cii_of(document) if is_whole else None
    return Files(
        data=to_json(document),
        pdf=render_pdf(document, cii=cii, logo=logo),
        cii=cii,
        ubl=ubl_of(document) if is_whole else None,
    )
