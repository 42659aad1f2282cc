"""A flush of 2 ms, as on a cloud disk: the fees of all go to one hot account, or to many cold ones."""

from benchmarks.money.figures import Series
from benchmarks.money.place import Place
from benchmarks.money.raw import pgbench, run_psql
from benchmarks.money.stock import FIRST

CLIENTS = 32
TAKE = "SELECT nextval('flush_turn') AS turn \\gset\n"
SETTLE = """
WITH numbered AS (
  UPDATE invoicing_invoiceseries SET last_number = last_number + 1
  WHERE id = (SELECT series_id FROM flush_route WHERE turn = :turn::bigint) RETURNING id
)
SELECT wallets_settle('flush:' || r.turn, 'invoice', r.turn,
  r.held_id, r.available_id, r.{fees}, 10000, 9500, 500, 9500)
FROM numbered, flush_route r WHERE r.turn = :turn::bigint;
"""
ROUTES = """
DROP TABLE IF EXISTS flush_route;
DROP SEQUENCE IF EXISTS flush_turn;
CREATE SEQUENCE flush_turn START :low MINVALUE 1;
CREATE TABLE flush_route AS
  SELECT m.id AS turn, s.id AS series_id, h.id AS held_id, a.id AS available_id, c.id AS cold_id,
    (SELECT id FROM wallets_account WHERE kind = 'fees') AS hot_id
  FROM gigs_milestone m
  JOIN gigs_project p ON p.id = m.project_id
  JOIN invoicing_issuer i ON i.user_id = p.freelancer_id
  JOIN invoicing_invoiceseries s ON s.issuer_id = i.id
  JOIN wallets_account h ON h.owner = 'milestone:' || m.id AND h.kind = 'held'
  JOIN wallets_account a ON a.owner = 'user:' || p.freelancer_id AND a.kind = 'available'
  JOIN wallets_account c ON c.owner = 'user:' || p.commissioner_id AND c.kind = 'credit'
  WHERE m.id >= :low AND m.id <= :high;
ALTER TABLE flush_route ADD PRIMARY KEY (turn);
VACUUM ANALYZE flush_route;
"""


def measure(place: Place, ids: list[int], *, repeats: int, each: int) -> tuple[Series, Series]:
    """Hot and cold in turn, on milestones that are used for nothing else afterwards."""
    low, high = ids[0], ids[-1]
    assert low >= FIRST
    run_psql(place, "-v", f"low={low}", "-v", f"high={high}", "-f", _written(place))
    hot, cold = Series("hot fee account"), Series("no hot account")
    _delay(place, "2000", "0")
    try:
        for _ in range(repeats):
            for series, fees in ((hot, "hot_id"), (cold, "cold_id")):
                script = TAKE + SETTLE.format(fees=fees).replace("\n", " ")
                series.samples.append(pgbench(place, script, clients=CLIENTS, each=each))
    finally:
        _delay(place, "0", "5")
    return hot, cold


def _written(place: Place) -> str:
    path = place.home / "routes.sql"
    path.write_text(ROUTES)
    return str(path)


def _delay(place: Place, delay: str, siblings: str) -> None:
    """commit_delay makes each flush that long; grouping of commits stays as it is."""
    for name, value in (("commit_delay", delay), ("commit_siblings", siblings)):
        run_psql(place, "-c", f"ALTER SYSTEM SET {name} = {value}")
    run_psql(place, "-c", "SELECT pg_reload_conf()")
