"""A migrated database that the databases of the tests are copied from, instead of migrating each.

There are two: what belongs to the role that migrates is where a whole installation starts from; in
the other, tests are the owner and may empty tables.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from config.devservices.places import REPOSITORY, home
from config.devservices.postgres import OWNER_ROLE

SCHEMA = (
    "*/migrations/*.py",
    "*/sql/**/*.sql",
    "*/models.py",
    "*/models/*.py",
    "*/apps.py",
    "*/enums.py",
    "common/*.py",
    "config/settings/*.py",
    "tests/template.py",
)
"""Whose change makes a new template: migrations import nothing else (tests/meta/test_migrations.py),
and permissions come from the models."""
PREFIX = "tranche_template_"
OWNED = "_owned"
OBJECTS = """
SELECT format('ALTER TABLE %s OWNER TO CURRENT_USER', oid::regclass)
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
UNION ALL
SELECT format('ALTER ROUTINE %s OWNER TO CURRENT_USER', oid::regprocedure)
FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
"""


def template_owned() -> str:
    """The name of the one that belongs to the role that migrates."""
    return f"{template()}{OWNED}"


def template() -> str:
    """Its name; made by the first who asks, and anew when anything that makes a schema changed."""
    name = f"{PREFIX}{_digest()}"
    server = os.environ["DATABASE_URL"]
    with _one_at_a_time(), psycopg.connect(server, autocommit=True) as connection:
        known = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        if name not in known:
            for old in sorted(found for found in known if found.startswith(PREFIX)):
                connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(old)))
            _make(connection, server, name)
    return name


def _make(connection: "psycopg.Connection[tuple[object, ...]]", server: str, name: str) -> None:
    unfinished = f"{PREFIX}unfinished"
    connection.execute(
        sql.SQL("CREATE DATABASE {} OWNER {}").format(
            sql.Identifier(unfinished), sql.Identifier(OWNER_ROLE)
        )
    )
    url = address(server, role=OWNER_ROLE, database=unfinished)
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=REPOSITORY, env={**os.environ, "DATABASE_URL": url}, check=True,
    )  # fmt: skip
    connection.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(f"{name}{OWNED}"), sql.Identifier(unfinished)
        )
    )
    _take_over(urlsplit(server)._replace(path=f"/{unfinished}").geturl())
    connection.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
            sql.Identifier(unfinished), sql.Identifier(name)
        )
    )


def _take_over(url: str) -> None:
    with psycopg.connect(url) as connection:
        for (statement,) in connection.execute(OBJECTS).fetchall():
            connection.execute(statement)


def address(server: str, *, role: str, database: str) -> str:
    """Where that role finds that database of the server."""
    url = urlsplit(server)
    host = url.netloc.rpartition("@")[2]
    return url._replace(netloc=f"{role}@{host}", path=f"/{database}").geturl()


def _digest() -> str:
    """Of what makes a schema and the rows of a new database."""
    state = hashlib.sha256((REPOSITORY / "requirements.txt").read_bytes())
    found = {path for pattern in SCHEMA for path in REPOSITORY.glob(pattern) if path.is_file()}
    for path in sorted(found):
        state.update(str(path.relative_to(REPOSITORY)).encode() + b"\0" + path.read_bytes())
    return state.hexdigest()[:16]


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    folder = home() / "test"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
