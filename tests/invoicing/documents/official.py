"""The official rules over many XML files, in a process of their own.

SaxonC kills a process in which a second thread makes a processor, so this module is run and
never imported by tests: `python official.py folder sheet…` prints, for each file of the folder,
the rules that it breaks, as JSON.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from lxml import etree
from saxonche import PySaxonProcessor

SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def broken(report: str) -> Iterator[str]:
    """Every failed assertion and successful report: "flag rule: text"."""
    for tag in ("failed-assert", "successful-report"):
        for found in etree.fromstring(report.encode()).iter(SVRL + tag):
            text = " ".join("".join(found.itertext()).split())
            flag = found.get("flag") or found.get("role") or "?"
            yield f"{flag} {found.get('id', '')}: {text}"


def main(folder: str, *sheets: str) -> None:
    """Run each sheet over each file whose name it is for: "ubl=…" over *.ubl.xml."""
    found: dict[str, list[str]] = {}
    with PySaxonProcessor(license=False) as processor:
        for named in sheets:
            syntax, _, sheet = named.partition("=")
            compiler = processor.new_xslt30_processor()
            compiled = compiler.compile_stylesheet(stylesheet_file=sheet)
            for path in sorted(Path(folder).glob(f"*.{syntax}.xml")):
                report = compiled.transform_to_string(source_file=str(path))
                found.setdefault(path.name, []).extend(broken(report))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
