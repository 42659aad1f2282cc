"""The mark that makes a PDF/A-3 with an embedded invoice a Factur-X file.

Typst writes the page, the attachment and the metadata of PDF/A; the properties of Factur-X and
the description of their schema are put into that metadata here.
"""

import io
from typing import Final

import pikepdf

FILE_NAME: Final = "factur-x.xml"
LEVEL: Final = "EN 16931"

_NAMESPACE: Final = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTIES: Final = (
    ("DocumentFileName", "name of the embedded XML invoice file"),
    ("DocumentType", "INVOICE"),
    ("Version", "version of the Factur-X XML schema"),
    ("ConformanceLevel", "conformance level of the embedded data"),
)
_VALUES: Final = (
    f'<rdf:Description rdf:about="" xmlns:fx="{_NAMESPACE}">'
    f"<fx:DocumentType>INVOICE</fx:DocumentType>"
    f"<fx:DocumentFileName>{FILE_NAME}</fx:DocumentFileName>"
    f"<fx:Version>1.0</fx:Version>"
    f"<fx:ConformanceLevel>{LEVEL}</fx:ConformanceLevel></rdf:Description>"
)
_SCHEMA: Final = (
    '<rdf:li rdf:parseType="Resource">'
    "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
    f"<pdfaSchema:namespaceURI>{_NAMESPACE}</pdfaSchema:namespaceURI>"
    "<pdfaSchema:prefix>fx</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>"
    + "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{meaning}</pdfaProperty:description></rdf:li>"
        for name, meaning in _PROPERTIES
    )
    + "</rdf:Seq></pdfaSchema:property></rdf:li>"
)
_BAG: Final = "<pdfaExtension:schemas><rdf:Bag>"


class UnknownMetadata(RuntimeError):
    """The typesetter writes its metadata otherwise than this module knows."""


def marked(pdf: bytes) -> bytes:
    """The PDF with the metadata of Factur-X; the same bytes for the same PDF."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        metadata = opened.Root.Metadata.read_bytes().decode()
        opened.Root.Metadata.write(_with_mark(metadata).encode())
        written = io.BytesIO()
        opened.save(
            written,
            object_stream_mode=pikepdf.ObjectStreamMode.preserve,
            deterministic_id=True,
            preserve_pdfa=True,
        )
    return written.getvalue()


def _with_mark(metadata: str) -> str:
    """PDF/UA has put a schema of its own there: ours joins its list."""
    if metadata.count(_BAG) != 1 or metadata.count("</rdf:RDF>") != 1:
        raise UnknownMetadata
    described = metadata.replace(_BAG, _BAG + _SCHEMA)
    return described.replace("</rdf:RDF>", _VALUES + "</rdf:RDF>")
