"""Copy the front-end files that Tranche serves out of their npm packages into static/vendor.

`vendor.py` packs each package with npm from the registry of the environment and writes the lock;
`vendor.py --check` compares the committed files with the lock and needs no network.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
LOCK = VENDOR / "vendor.lock.json"
ICONS = VENDOR / "tabler-icons" / "icons.txt"
SOURCE_MAP = re.compile(rb"\n?(/\*# sourceMappingURL=\S+ \*/|//# sourceMappingURL=\S+)\s*$")


@dataclass(frozen=True)
class Package:
    """One npm package: the folder under static/vendor, and which of its files go there under which name."""

    name: str
    version: str
    folder: str
    licence: str
    files: dict[str, str]


# @tabler/core carries no licence file: static/vendor/tabler/LICENSE repeats the notice in the header of its CSS.
PACKAGES = (
    Package(
        "@tabler/core", "1.6.1", "tabler", "MIT", {"dist/css/tabler.min.css": "tabler.min.css"}
    ),
    Package(
        "htmx.org",
        "2.0.10",
        "htmx",
        "0BSD",
        {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "LICENSE"},
    ),
    Package(
        "chart.js",
        "4.6.1",
        "chartjs",
        "MIT",
        {"dist/chart.umd.min.js": "chart.umd.min.js", "LICENSE.md": "LICENSE.md"},
    ),
    Package(
        "@fontsource-variable/inter",
        "5.3.0",
        "inter",
        "OFL-1.1",
        {
            "files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
            "files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2",
            "LICENSE": "LICENSE",
        },
    ),
    Package("@tabler/icons", "3.51.0", "tabler-icons", "MIT", {"LICENSE": "LICENSE"}),
)


def unpack(package: Package, scratch: Path) -> tuple[Path, str]:
    """Pack the package with npm and return its folder and its integrity string."""
    packed = subprocess.run(
        [
            "npm",
            "pack",
            "--silent",
            "--json",
            "--pack-destination",
            str(scratch),
            f"{package.name}@{package.version}",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    [entry] = json.loads(packed.stdout)
    target = scratch / package.folder
    with tarfile.open(scratch / entry["filename"]) as archive:
        archive.extractall(target, filter="data")
    return target / "package", entry["integrity"]


def sprite(source: Path) -> bytes:
    """One SVG file with a <symbol> for each icon that icons.txt names, drawn by <c-icon name="…" />."""
    symbols = []
    for name in ICONS.read_text().split():
        drawing = (source / "icons" / "outline" / f"{name}.svg").read_text()
        body = drawing.partition(">")[2].rpartition("</svg>")[0]
        paths = re.sub(r'\s*<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "", body)
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24">{" ".join(paths.split())}</symbol>'
        )
    lines = "\n".join(symbols)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{lines}\n</svg>\n'.encode()


def contents(package: Package, source: Path) -> dict[str, bytes]:
    """The files of one package by their path under static/vendor.

    The pointer to a source map is cut off: the map is not shipped, and hashed static files refuse a link to a missing file.
    """
    found = {
        f"{package.folder}/{name}": SOURCE_MAP.sub(b"\n", (source / path).read_bytes())
        if name.endswith((".css", ".js"))
        else (source / path).read_bytes()
        for path, name in package.files.items()
    }
    if package.name == "@tabler/icons":
        found[f"{package.folder}/icons.svg"] = sprite(source)
    return found


def vendor() -> None:
    """Write every file and the lock; a version that now has other contents than the lock says is refused."""
    known = json.loads(LOCK.read_text()) if LOCK.exists() else {}
    lock = {}
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            source, integrity = unpack(package, Path(folder))
            before = known.get(package.name, {})
            if before.get("version") == package.version and before["integrity"] != integrity:
                sys.exit(f"{package.name} {package.version} is not the package that the lock names")
            files = contents(package, source)
            for path, data in files.items():
                target = VENDOR / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            lock[package.name] = {
                "version": package.version,
                "licence": package.licence,
                "integrity": integrity,
                "files": {
                    path: hashlib.sha256(data).hexdigest() for path, data in sorted(files.items())
                },
            }
            print(f"{package.name} {package.version}: {len(files)} files")
    LOCK.write_text(json.dumps(lock, indent=2) + "\n")


def check() -> None:
    """Exit 1 and name each file that is missing or differs from the lock."""
    wrong = [
        path
        for package in json.loads(LOCK.read_text()).values()
        for path, digest in package["files"].items()
        if not (VENDOR / path).is_file()
        or hashlib.sha256((VENDOR / path).read_bytes()).hexdigest() != digest
    ]
    if wrong:
        sys.exit("static/vendor differs from its lock: " + ", ".join(wrong))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="only compare the committed files with the lock"
    )
    check() if parser.parse_args().check else vendor()
