"""The documents of an invoice, made of nothing but its frozen text."""

from invoicing.documents.pdf import render_pdf
from invoicing.documents.snapshot import Snapshot, snapshot_of

__all__ = ["Snapshot", "render_pdf", "snapshot_of"]
