"""A document's PDF: typeset by typst as PDF/A-3b and PDF/UA-1, with the CII inside (Factur-X).

The same document gives the same bytes. Typst keeps a pool of threads from its first use on, which
a fork does not carry over: a child of a process that has rendered would wait for it for ever. So
render only in processes that fork no more; `render_pdf` refuses in the child of one that has. A
compiler serves one thread at a time.
"""

import base64
import json
import os
import struct
import threading
from pathlib import Path
from typing import Any, Final

import typst

from invoicing.documents import facturx
from invoicing.documents.glyphs import printable, unmarked
from invoicing.documents.model import Document
from invoicing.documents.page import page_of

_HERE: Final = Path(__file__).resolve().parent
_DOTS: Final = 110
_LOGO_WIDTH: Final = 62.0
_LOGO_HEIGHT: Final = 16.0
_LARGEST_DOT: Final = 25.4 / 96
"""Of a logo, in millimetres: at the most, and of one of its dots, however small it is."""

_thread = threading.local()
_rendering_processes: set[int] = set()


class RenderedBeforeFork(RuntimeError):
    """The process that this one was forked from has rendered already: typst would hang here."""


def render_pdf(document: Document, *, cii: bytes | None, logo: bytes | None = None) -> bytes:
    """The page of a document; with its CII it is a Factur-X file. RenderedBeforeFork.

    The logo is a PNG in sRGB without transparency; it takes the place of the platform's mark.

    What people wrote is passed as data and never read as markup.
    """
    page = printable(page_of(document))
    try:
        pdf = _compiled(page, cii, logo)
    except typst.TypstError:
        pdf = _compiled(unmarked(page), cii, logo)
    return pdf if cii is None else facturx.marked(pdf)


def render_png(document: Document, *, logo: bytes | None = None) -> list[bytes]:
    """The pages as pictures, for people who look at examples."""
    inputs = _inputs(printable(page_of(document)), logo)
    pictures = _compiler().compile(format="png", ppi=_DOTS, sys_inputs=inputs)
    return [pictures] if isinstance(pictures, bytes) else list(pictures or ())


def _compiled(page: Any, cii: bytes | None, logo: bytes | None) -> bytes:
    inputs = _inputs(page, logo)
    if cii is not None:
        inputs["cii"] = cii.decode("utf-8")
    pdf = _compiler().compile(format="pdf", sys_inputs=inputs, pdf_standards=["a-3b", "ua-1"])
    if not isinstance(pdf, bytes):
        raise TypeError("typst returned no single file")
    return pdf


def _inputs(page: Any, logo: bytes | None) -> dict[str, str]:
    inputs = {"page": json.dumps(page)}
    if logo is not None:
        width, height = struct.unpack(">II", logo[16:24])
        scale = min(_LOGO_WIDTH / width, _LOGO_HEIGHT / height, _LARGEST_DOT)
        inputs["logo_width"] = f"{width * scale:.2f}"
        inputs["logo"] = _wrapped(logo, width, height)
    return inputs


def _wrapped(png: bytes, width: int, height: int) -> str:
    """A PNG inside an SVG: what is passed to typst is text."""
    data = base64.b64encode(png).decode("ascii")
    size = f'width="{width}" height="{height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
        f'<image {size} href="data:image/png;base64,{data}"/></svg>'
    )


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
