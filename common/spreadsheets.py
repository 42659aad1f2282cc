"""Tables for spreadsheets: streamed line by line, and no text in them is ever run as a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from django.http import StreamingHttpResponse

BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
FORMULA_STARTS: Final = ("=", "+", "-", "@")


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The table in CSV, with the mark by which spreadsheets know UTF-8."""
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + writer.writerow(columns)
    for row in rows:
        yield writer.writerow(row)


def csv_response(lines: Iterable[str], *, name: str) -> StreamingHttpResponse:
    """The lines as a download of that name."""
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def harmless(text: str) -> str:
    """What somebody typed, so that no spreadsheet takes it for a formula."""
    is_formula = text.lstrip().startswith(FORMULA_STARTS) or text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if is_formula else text
