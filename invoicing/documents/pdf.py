"""An invoice's PDF: typeset by typst from a snapshot, the same bytes for the same snapshot.

Typst keeps a pool of threads from its first use on, which a fork does not carry over: a child of
a process that has rendered would wait for it for ever. So render only in processes that fork no
more; `render_pdf` refuses in the child of one that has. A compiler serves one thread at a time.
"""

import json
import os
import threading
import unicodedata
from pathlib import Path
from typing import Final

import typst

from invoicing.documents.snapshot import Snapshot

_HERE: Final = Path(__file__).resolve().parent
_JOINERS: Final = frozenset("\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}")
_REPLACED: Final = {"Cc": " ", "Zl": " ", "Zp": " ", "Cf": "", "Cs": ""}
"""What stands for a character of these Unicode categories: controls, line ends, format marks."""

_thread = threading.local()
_rendering_processes: set[int] = set()


class RenderedBeforeFork(RuntimeError):
    """The process that this one was forked from has rendered already: typst would hang here."""


def render_pdf(snapshot: Snapshot) -> bytes:
    """The document, as PDF/A-3b and PDF/UA-1; plain tagged PDF when a character has no glyph.

    What people wrote is passed as data and never read as markup. RenderedBeforeFork.
    """
    invoice = json.dumps(_printable(snapshot))
    try:
        return _compile(invoice, archival=True)
    except typst.TypstError:
        return _compile(invoice, archival=False)


def _printable(value: object) -> object:
    """The same with spaces for control characters and line ends, and without turned directions.

    A mark such as RIGHT-TO-LEFT OVERRIDE would show another text than the one that is stored.
    """
    if isinstance(value, str):
        return "".join(_as_printed(character) for character in value)
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    raise TypeError(f"{type(value).__name__} in a snapshot")


def _as_printed(character: str) -> str:
    if character in _JOINERS:
        return character
    return _REPLACED.get(unicodedata.category(character), character)


def _compile(invoice: str, *, archival: bool) -> bytes:
    document = _compiler().compile(
        format="pdf",
        sys_inputs={"invoice": invoice},
        pdf_standards=["a-3b", "ua-1"] if archival else [],
    )
    if not isinstance(document, bytes):
        raise TypeError("typst returned no single file")
    return document


def _compiler() -> typst.Compiler:
    _rendering_processes.add(os.getpid())
    if len(_rendering_processes) > 1:
        raise RenderedBeforeFork
    compiler: typst.Compiler | None = _thread.__dict__.get("compiler")
    if compiler is None:
        compiler = _thread.compiler = typst.Compiler(
            _HERE / "invoice.typ",
            root=_HERE,
            font_paths=[_HERE / "fonts"],
            ignore_system_fonts=True,
        )
    return compiler
