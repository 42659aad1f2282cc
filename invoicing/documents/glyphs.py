"""Which characters the shipped fonts have; others are replaced on the page.

PDF/A wants a glyph for each character. A letter that has none prints as an empty box, and an emoji
is left out, unless there is nothing else; the XML files keep what people wrote.
"""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from invoicing.documents.text import for_page

BOX: Final = "\N{WHITE SQUARE}"

_COVERAGE: Final = Path(__file__).resolve().parent / "fonts" / "coverage.txt"
_SELECTORS: Final = re.compile("[\ufe00-\ufe0f\U000e0000-\U000e007f]")
_PICTURE: Final = "[\U0001f000-\U0001faff\u2600-\u27bf][\U0001f3fb-\U0001f3ff\u20e3]?"
_EMOJI: Final = re.compile(f"[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTURE}(?:\u200d{_PICTURE})*")
_GAPS: Final = re.compile(" +(?=[\n.,;:!?]|$)|(?<= ) +")
_KEPT: Final = frozenset("\n\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}")


def printable(value: Any) -> Any:
    """The same text, lists and tables of text, as the shipped fonts can print it."""
    if isinstance(value, str):
        return _printed(value)
    if isinstance(value, list):
        return [printable(part) for part in value]
    if isinstance(value, dict):
        return {key: printable(part) for key, part in value.items()}
    raise TypeError(f"{type(value).__name__} on a page")


def unmarked(value: Any) -> Any:
    """The same without combining marks: for marks that no font joins to what stands before."""
    if isinstance(value, str):
        return "".join(
            character for character in value if not unicodedata.category(character).startswith("M")
        )
    if isinstance(value, list):
        return [unmarked(part) for part in value]
    return {key: unmarked(part) for key, part in value.items()}


def _printed(text: str) -> str:
    cleaned = for_page(text)
    if cleaned.isascii():
        return cleaned
    covered = _covered()
    written = _SELECTORS.sub("", cleaned)
    plain = _EMOJI.sub(_pictured, written)
    if plain != written:
        plain = _GAPS.sub("", plain).strip()
    if written and not plain:
        return BOX
    return "".join(
        character if character in covered or character in _KEPT else BOX for character in plain
    )


def _pictured(emoji: re.Match[str]) -> str:
    """One that a font has, such as a heart of text, stays."""
    return emoji[0] if emoji[0] in _covered() else " "


@lru_cache(maxsize=1)
def _covered() -> frozenset[str]:
    codes: set[str] = set()
    for line in _COVERAGE.read_text(encoding="ascii").splitlines():
        first, _, last = line.partition("-")
        codes.update(map(chr, range(int(first, 16), int(last, 16) + 1)))
    return frozenset(codes)
