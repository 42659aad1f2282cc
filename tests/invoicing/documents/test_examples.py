"""docs/examples shows what the code makes today."""

import pytest

from invoicing.documents.files import files_of
from invoicing.documents.profiles import profile_of
from scripts.examples import EXAMPLES, FOLDER


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_current(name):
    files = files_of(EXAMPLES[name]())
    made = {"invoice.pdf": files.pdf, "ubl.xml": files.ubl, "cii.xml": files.cii}
    kept = {path.name: path.read_bytes() for path in (FOLDER / name).iterdir()}

    assert kept.pop("page-1.png").startswith(b"\x89PNG")
    kept.pop("page-2.png", None)
    assert kept == {file: content for file, content in made.items() if content is not None}


def test_the_list_of_examples_names_their_profiles():
    listed = (FOLDER / "README.md").read_text()

    for name, example in EXAMPLES.items():
        profile = profile_of(example()).name if files_of(example()).ubl else "none"
        [row] = [line for line in listed.splitlines() if line.startswith(f"| [{name}]")]
        assert profile in row
