import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from config.devservices import postgres as postgres_module
from config.devservices.exceptions import Refused, ServerFailed
from config.devservices.postgres import APP_ROLE, OWNER_ROLE, SUPERUSER, Postgres, RunAs
from config.devservices.server import Server

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


def query(postgres: Postgres, sql: str, role: str = SUPERUSER) -> list[tuple[object, ...]]:
    with psycopg.connect(postgres.url(role), autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def started(postgres: Postgres) -> Postgres:
    postgres.start()
    postgres.create_roles_and_database()
    return postgres


def test_start_knows_capital_letters_beyond_ascii(postgres: Postgres) -> None:
    started(postgres)

    assert query(postgres, "SELECT upper('é'), current_setting('fsync')") == [("É", "on")]


def test_start_keeps_the_server_that_runs(postgres: Postgres) -> None:
    postgres.start()
    first = postgres.running_pid()

    postgres.start()

    assert first is not None
    assert postgres.running_pid() == first


def test_two_starts_at_once_make_one_server(make_postgres: Callable[..., Postgres]) -> None:
    one, other = make_postgres(), make_postgres()

    with ThreadPoolExecutor() as pool:
        list(pool.map(Postgres.start, (one, other)))

    assert one.running_pid() == other.running_pid() is not None
    assert one.is_ready()


def test_start_after_kill_nine_finds_every_row(
    postgres: Postgres, kill_nine: Callable[[Server], int]
) -> None:
    started(postgres)
    query(postgres, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")

    killed = kill_nine(postgres)
    postgres.start()

    assert postgres.running_pid() != killed
    assert query(postgres, "SELECT count(*), sum(number) FROM kept") == [(1000, 500500)]


def test_a_stranger_named_by_the_pid_file_is_left_alone(
    postgres: Postgres, sleeper: subprocess.Popen[bytes]
) -> None:
    postgres.start()
    former = postgres.pid_file.read_text()
    postgres.stop()
    postgres.pid_file.write_text(former.replace(former.split()[0], str(sleeper.pid), 1))

    postgres.stop()
    assert sleeper.poll() is None
    postgres.start()

    assert postgres.running_pid() not in {None, sleeper.pid}
    assert sleeper.poll() is None


def test_start_after_an_interrupted_initdb_begins_again(postgres: Postgres) -> None:
    half_made = postgres.folder / f"{postgres.data.name}.init-1"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18")

    postgres.start()

    assert postgres.is_ready()
    assert not half_made.exists()


def test_stop_leaves_no_process(postgres: Postgres) -> None:
    postgres.start()

    postgres.stop()

    assert postgres.running_pid() is None
    assert not postgres.is_ready()


def test_data_of_another_major_are_refused_and_kept(postgres: Postgres) -> None:
    older = postgres.folder / "pg14"
    older.mkdir()

    with pytest.raises(Refused, match="holds data of PostgreSQL 14"):
        postgres.start()

    assert older.exists()
    assert not postgres.data.exists()


def test_a_durable_cluster_that_cannot_start_is_never_thrown_away(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.devservices.server.ORPHAN_SECONDS", 0.1)
    postgres.prepare()
    (postgres.data / "global" / "pg_control").write_bytes(b"torn")

    with pytest.raises(ServerFailed, match="postgres does not start"):
        postgres.start()

    assert (postgres.data / "global" / "pg_control").read_bytes() == b"torn"


def test_a_throwaway_cluster_that_cannot_start_is_made_anew(
    make_postgres: Callable[..., Postgres], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.devservices.server.ORPHAN_SECONDS", 0.1)
    throwaway = make_postgres(durable=False)
    throwaway.prepare()
    (throwaway.data / "global" / "pg_control").write_bytes(b"torn")

    started(throwaway)

    assert query(throwaway, "SHOW fsync") == [("off",)]


def test_roles_are_an_owner_that_creates_and_an_app_that_may_only_connect(
    postgres: Postgres,
) -> None:
    started(postgres)
    postgres.create_roles_and_database()
    query(postgres, "CREATE TABLE ledger (amount bigint)", OWNER_ROLE)

    assert query(postgres, "SELECT current_user::text", APP_ROLE) == [(APP_ROLE,)]
    for forbidden in (
        "SELECT * FROM ledger",
        "CREATE TABLE mine ()",
        "CREATE TEMP TABLE mine ()",
        "SET ROLE tranche_owner",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            query(postgres, forbidden, APP_ROLE)


@needs_root
def test_root_without_namespaces_runs_it_as_nobody_from_a_copy(
    make_postgres: Callable[..., Postgres], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_module, "who_runs_it", lambda: RunAs(user="nobody"))

    cluster = started(make_postgres())

    assert cluster.folder.parent == Path("/var/tmp")
    assert cluster.data.owner() == "nobody"
    assert query(cluster, "SELECT 1") == [(1,)]
    assert not list(tmp_path.iterdir())


def test_a_socket_directory_of_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    taken = Postgres(tmp_path).socket_dir
    taken.rmdir()
    taken.symlink_to("/tmp")

    with pytest.raises(Refused, match="belongs to somebody else"):
        Postgres(tmp_path)
