"""docs/examples shows what the code makes today."""

import pytest

from invoicing.documents.files import files_of
from invoicing.documents.profiles import profile_of
from invoicing.documents.stored import from_json
from scripts.examples import EXAMPLES, FOLDER
from tests.invoicing.documents.issued import ISSUED


def kept_files(name):
    """What the folder of an example has beside the pictures of its pages."""
    kept = {path.name: path.read_bytes() for path in (FOLDER / name).iterdir()}
    assert kept.pop("page-1.png").startswith(b"\x89PNG")
    kept.pop("page-2.png", None)
    return kept


def named(files):
    made = {"invoice.pdf": files.pdf, "ubl.xml": files.ubl, "cii.xml": files.cii}
    return {name: content for name, content in made.items() if content is not None}


def row_of(name):
    listed = (FOLDER / "README.md").read_text()
    [row] = [line for line in listed.splitlines() if line.startswith(f"| [{name}]")]
    return row


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_current(name):
    assert kept_files(name) == named(files_of(EXAMPLES[name]()))


@pytest.mark.django_db
@pytest.mark.parametrize("name", ISSUED)
def test_an_example_is_what_the_services_issue(name):
    files = ISSUED[name]()

    assert kept_files(name) == named(files)
    assert profile_of(from_json(files.data)).name in row_of(name)


def test_the_list_of_examples_names_their_profiles():
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} == {*EXAMPLES, *ISSUED}
    for name, example in EXAMPLES.items():
        profile = profile_of(example()).name if files_of(example()).ubl else "none"
        assert profile in row_of(name)
