"""Make the Chinese, Japanese and Korean fonts of documents, and write down what all of them cover.

`fonts.py` packs two npm packages from the registry of the environment, leaves what invoices do
not need out of the fonts, and writes `coverage.txt`; `fonts.py --coverage` only writes the latter.
"""

import argparse
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FONTS = Path(__file__).resolve().parent.parent / "invoicing" / "documents" / "fonts"
COVERAGE = FONTS / "coverage.txt"


@dataclass(frozen=True)
class Source:
    """One npm package, a font in it, and the ranges that are kept."""

    package: str
    version: str
    font: str
    name: str
    ranges: tuple[tuple[int, int], ...]


SOURCES = (
    Source(
        "@expo-google-fonts/noto-sans-sc",
        "0.4.3",
        "package/400Regular/NotoSansSC_400Regular.ttf",
        "NotoSansSC-Regular.ttf",
        (
            (0x3000, 0x312F),
            (0x3190, 0x33FF),
            (0x4E00, 0x9FFF),
            (0xF900, 0xFAFF),
            (0xFE10, 0xFE4F),
            (0xFF00, 0xFFEF),
            (0x20000, 0x3FFFF),
        ),
    ),
    Source(
        "@expo-google-fonts/noto-sans-kr",
        "0.4.3",
        "package/400Regular/NotoSansKR_400Regular.ttf",
        "NotoSansKR-Regular.ttf",
        ((0x3130, 0x318F), (0xAC00, 0xD7A3)),
    ),
)


def fetched(source: Source, folder: Path) -> Path:
    """The font as its package has it."""
    asked = f"{source.package}@{source.version}"
    packed = subprocess.run(
        ["npm", "pack", asked, "--silent", "--pack-destination", folder],
        check=True,
        capture_output=True,
        text=True,
    )
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        archive.extract(source.font, folder, filter="data")
    return folder / source.font


def shrink(source: Source, font: Path) -> None:
    """Keep the ranges, without hints and without tables for vertical text."""
    options = subset.Options(
        hinting=False,
        layout_features=["kern", "ccmp", "locl", "mark", "mkmk"],
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14],
        notdef_outline=True,
        recalc_timestamp=False,
    )
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "DSIG", "meta"]
    opened = subset.load_font(font, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(
        unicodes={code for first, last in source.ranges for code in range(first, last + 1)}
    )
    subsetter.subset(opened)
    subset.save_font(opened, FONTS / source.name, options)


def covered() -> set[int]:
    """The characters for which some font here has a glyph."""
    return {code for font in sorted(FONTS.glob("*.ttf")) for code in TTFont(font).getBestCmap()}


def ranges_of(codes: Iterable[int]) -> Iterator[str]:
    """Such as 20-7E: neighbours in one line."""
    for _, run in groupby(enumerate(sorted(codes)), key=lambda pair: pair[1] - pair[0]):
        members = [code for _, code in run]
        yield f"{members[0]:X}-{members[-1]:X}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--coverage", action="store_true", help="only write coverage.txt")
    if not parser.parse_args().coverage:
        with tempfile.TemporaryDirectory() as folder:
            for source in SOURCES:
                shrink(source, fetched(source, Path(folder)))
    COVERAGE.write_text("".join(f"{line}\n" for line in ranges_of(covered())))


if __name__ == "__main__":
    main()
