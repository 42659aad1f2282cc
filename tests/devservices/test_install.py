import hashlib
import json
from pathlib import Path

import pytest

from config.devservices import install


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "requirements.txt").write_text("a==1\n")
    (tmp_path / "requirements-dev.txt").write_text("a==1\nb==1\n")
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").touch()
    monkeypatch.setattr(install, "REPOSITORY", tmp_path)
    monkeypatch.setattr(install, "VENV", venv)
    monkeypatch.setattr(install, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(install, "STAMP", venv / "installed.json")
    return tmp_path


def finish(name: str) -> None:
    install.STAMP.write_text(json.dumps(install.fingerprint(name)))


def test_a_fresh_checkout_installs_what_is_wanted(checkout: Path) -> None:
    assert install.target("requirements.txt") == "requirements.txt"
    assert install.target("requirements-dev.txt") == "requirements-dev.txt"


def test_a_finished_installation_is_not_done_again(checkout: Path) -> None:
    finish("requirements.txt")

    assert install.target("requirements.txt") is None
    assert install.target("requirements-dev.txt") == "requirements-dev.txt"


def test_a_run_takes_no_development_tool_away(checkout: Path) -> None:
    finish("requirements-dev.txt")

    assert install.target("requirements.txt") is None

    (checkout / "requirements-dev.txt").write_text("a==2\nb==1\n")
    assert install.target("requirements.txt") == "requirements-dev.txt"


def test_changed_requirements_are_installed(checkout: Path) -> None:
    finish("requirements.txt")

    (checkout / "requirements.txt").write_text("a==2\n")

    assert install.target("requirements.txt") == "requirements.txt"


@pytest.mark.parametrize(
    "stamp", ["", "{", '{"file": "requirements.txt", "sha256": "x", "venv": "/elsewhere"}']
)
def test_a_stamp_that_is_torn_or_from_elsewhere_counts_for_nothing(
    checkout: Path, stamp: str
) -> None:
    install.STAMP.write_text(stamp)

    assert install.target("requirements.txt") == "requirements.txt"


def test_a_fingerprint_names_the_file_its_content_and_the_place(checkout: Path) -> None:
    assert install.fingerprint("requirements.txt") == {
        "file": "requirements.txt",
        "sha256": hashlib.sha256(b"a==1\n").hexdigest(),
        "venv": str(checkout / ".venv"),
    }


def test_a_link_to_another_environment_is_left_alone(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = install.VENV.rename(checkout / "other")
    install.VENV.symlink_to(other)

    assert install.main() == 1
    assert capsys.readouterr().err.startswith(".venv is a link to another environment")
    assert (other / "bin" / "python").exists()
