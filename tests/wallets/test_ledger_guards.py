"""What the database refuses by itself, to its owner and to the application's role."""

from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from tests.wallets.books import accounts, breaks, counts, rows, run, settlement
from wallets import ledger
from wallets.enums import AccountKind
from wallets.exceptions import InsufficientFunds
from wallets.ledger import AccountSpec

pytestmark = pytest.mark.django_db

COLUMNS = {
    "wallets_currency": "exponent",
    "wallets_account": "kind",
    "wallets_balance": "posted",
    "wallets_journal": "kind",
    "wallets_entry": "amount",
}
TRIGGERS = {
    "wallets_currency": "wallets_currency_is_append_only",
    "wallets_account": "wallets_account_is_append_only",
    "wallets_balance": "wallets_balance_is_kept",
    "wallets_journal": "wallets_journal_is_append_only",
    "wallets_entry": "wallets_entry_is_append_only",
}
REWRITES = ("UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE")
JOURNAL = "INSERT INTO wallets_journal (kind, about_type, about_id, key, posted_at, reverses) "
ACCOUNT = "INSERT INTO wallets_account (owner, kind, currency, shards, min_balance, max_balance) "
AVAILABLE = "(SELECT id FROM wallets_account WHERE kind = 'available')"
DEBT = "(SELECT id FROM wallets_account WHERE kind = 'debt')"


@pytest.fixture
def settled():
    """A settlement of 333.34 yen in the books, and a debt account."""
    ledger.open_accounts([AccountSpec("user:1", AccountKind.DEBT, "JPY")])
    of = accounts(currency="JPY")
    return of, ledger.settle(settlement(of))


@contextmanager
def acting_as(role: str):
    """Within, the session is the role's; what is refused there leaves nothing behind."""
    with transaction.atomic():
        run(f"SET LOCAL ROLE {role}")
        yield
        run("RESET ROLE")


@pytest.fixture
def app_role():
    """A role as the application has it: the ledger's grants and nothing else."""
    role = f"ledger_app_{connection.settings_dict['NAME']}"
    run(
        f"CREATE ROLE {role}",
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"SELECT wallets_grant('{role}')",
    )
    return role


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        ("wallets_currency_pkey", "INSERT INTO wallets_currency VALUES ('USD', 2)"),
        ("wallets_currency_code_valid", "INSERT INTO wallets_currency VALUES ('us1', 2)"),
        ("wallets_currency_exponent_valid", "INSERT INTO wallets_currency VALUES ('XAU', 4)"),
        (
            "wallets_account_one_per_owner_kind_currency",
            ACCOUNT + "VALUES ('user:1', 'available', 'JPY', 1, 0, null)",
        ),
        (
            "wallets_account_owner_fits_kind",
            ACCOUNT + "VALUES ('user:1', 'savings', 'JPY', 64, null, null)",
        ),
        (
            "wallets_account_limits_fit_kind",
            ACCOUNT + "VALUES ('user:2', 'available', 'JPY', 1, null, null)",
        ),
        (
            "wallets_account_limits_fit_kind",
            ACCOUNT + "VALUES ('user:2', 'debt', 'JPY', 1, null, null)",
        ),
        (
            "wallets_account_limits_fit_kind",
            ACCOUNT + "VALUES ('provider:bank', 'outside', 'JPY', 1, null, null)",
        ),
        (
            "wallets_account_currency_fkey",
            ACCOUNT + "VALUES ('user:2', 'available', 'XAU', 1, 0, null)",
        ),
        (
            "wallets_balance_account_id_fkey",
            "INSERT INTO wallets_balance (account_id, shard, currency, head)"
            " VALUES (0, 0, 'JPY', '')",
        ),
        (
            "wallets_balance_pkey",
            "INSERT INTO wallets_balance (account_id, shard, currency, head)"
            f" VALUES ({AVAILABLE}, 0, 'JPY', '')",
        ),
        (
            "wallets_balance_not_below_floor",
            f"UPDATE wallets_balance SET posted = -1 WHERE account_id = {AVAILABLE}",
        ),
        (
            "wallets_balance_not_below_floor",
            f"UPDATE wallets_balance SET held = 316668 WHERE account_id = {AVAILABLE}",
        ),
        (
            "wallets_balance_not_above_ceiling",
            f"UPDATE wallets_balance SET posted = 1 WHERE account_id = {DEBT}",
        ),
        ("wallets_balance_held_not_negative", "UPDATE wallets_balance SET held = -1"),
        ("wallets_balance_lifetime_not_negative", "UPDATE wallets_balance SET lifetime = -1"),
        (
            "wallets_journal_one_per_key",
            JOURNAL + "VALUES ('settlement', 'invoice', 1, 'settle:1', now(), null)",
        ),
        (
            "wallets_journal_kind_valid",
            JOURNAL + "VALUES ('present', 'invoice', 1, 'x', now(), null)",
        ),
        (
            "wallets_journal_about_type_not_empty",
            JOURNAL + "VALUES ('settlement', '', 1, 'x', now(), null)",
        ),
        (
            "wallets_journal_key_length_valid",
            JOURNAL + "VALUES ('settlement', 'invoice', 1, '', now(), null)",
        ),
        (
            "wallets_journal_reverses_an_earlier_one",
            JOURNAL + "VALUES ('reversal', 'invoice', 1, 'x', now(), 9223372036854775807)",
        ),
        (
            "wallets_journal_reversed_once",
            JOURNAL + "SELECT 'reversal', 'invoice', 1, 'x' || n, now(), min(id)"
            " FROM wallets_journal, generate_series(1, 2) n GROUP BY n",
        ),
        (
            "wallets_entry_pkey",
            "INSERT INTO wallets_entry SELECT journal_id, account_id, seq + 1, amount,"
            " balance_after, leg, shard, currency, hash FROM wallets_entry",
        ),
        (
            "wallets_entry_one_per_place_in_chain",
            "INSERT INTO wallets_entry SELECT journal_id + 1, account_id, seq, amount,"
            " balance_after, leg, shard, currency, hash FROM wallets_entry",
        ),
        (
            "wallets_entry_amount_not_zero",
            "INSERT INTO wallets_entry SELECT journal_id + 1, account_id, seq + 1, 0,"
            " balance_after, leg, shard, currency, hash FROM wallets_entry",
        ),
        (
            "wallets_entry_follows_balance",
            "INSERT INTO wallets_entry SELECT journal_id + 1, account_id, seq + 1, amount,"
            " balance_after + amount, leg, shard, currency, hash FROM wallets_entry",
        ),
        (
            "wallets_entry_follows_balance",
            "INSERT INTO wallets_entry SELECT journal_id + 1, account_id, seq - 1, amount,"
            " balance_after, leg, shard, 'USD', hash FROM wallets_entry",
        ),
        (
            "wallets_journal_balanced",
            "INSERT INTO wallets_entry SELECT journal_id + 1, account_id, seq + 1, amount,"
            " balance_after, leg, shard, currency, hash FROM wallets_entry WHERE leg = 2",
        ),
        (
            "wallets_settlement_amounts_valid",
            "SELECT wallets_settle('x', 'invoice', 1, 1, 2, 3, 100, 101, -1, 0)",
        ),
        (
            "wallets_settlement_amounts_valid",
            "SELECT wallets_settle_batch(array['x'], 'invoice', array[1], array[1], array[2],"
            " array[3], array[100], array[90], array[10], array[91])",
        ),
        (
            "wallets_journal_key_means_one_thing",
            "SELECT wallets_replay('settle:1', 'settlement', 'invoice', 1, null,"
            " array[1], array[1])",
        ),
        (
            "wallets_journal_one_leg_per_account",
            "SELECT wallets_post('reversal', 'x', 'invoice', 1, array[1, 1], array[5, -5],"
            " array[0, 0], null)",
        ),
    ],
)
def test_the_owner_too_is_refused_what_breaks_the_books(settled, constraint, statement):
    before = _everything()

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        run(statement, "SET CONSTRAINTS ALL IMMEDIATE")

    assert refused.value.__cause__.diag.constraint_name == constraint
    assert _everything() == before


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        (table, statement)
        for table in COLUMNS
        for statement in REWRITES
        if (table, statement) != ("wallets_balance", REWRITES[0])
    ],
)
def test_the_owner_cannot_rewrite_history(settled, table, statement):
    before = _everything()

    with pytest.raises(ProgrammingError) as refused, transaction.atomic():
        run("SET LOCAL tranche.allow_flush = off", statement.format(table, COLUMNS[table]))

    assert refused.value.__cause__.diag.constraint_name == TRIGGERS[table]
    assert _everything() == before


@pytest.mark.parametrize("table", COLUMNS)
@pytest.mark.parametrize("statement", [*REWRITES, "INSERT INTO {0} DEFAULT VALUES"])
def test_the_application_can_only_read(settled, app_role, table, statement):
    before = _everything()

    with pytest.raises(ProgrammingError, match="permission denied"), acting_as(app_role):
        run("SET LOCAL tranche.allow_flush = on", statement.format(table, COLUMNS[table]))

    assert _everything() == before


def test_all_guards_are_on():
    assert rows(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
        " WHERE tgrelid::regclass::text = ANY (%s) AND NOT tgisinternal AND tgenabled = 'O'"
        " ORDER BY 1, 2",
        list(TRIGGERS),
    ) == sorted([*TRIGGERS.items(), ("wallets_entry", "wallets_entry_check")])


def test_the_application_posts_through_the_functions_and_reads(app_role):
    with acting_as(app_role):
        of = accounts()
        ledger.settle(settlement(of))
        ledger.settle_batch([settlement(of, invoice=2), settlement(of, invoice=1)])

        assert counts() == (2, 6)
        assert breaks() == []


@pytest.mark.parametrize(
    "call",
    [
        "wallets_replay('x', 'settlement', 'invoice', 1, null, array[1], array[1])",
        "wallets_grant('postgres')",
        "wallets_chain(''::bytea, ''::bytea)",
    ],
)
def test_the_application_may_not_execute_the_rest(app_role, call):
    with pytest.raises(ProgrammingError, match="permission denied"), acting_as(app_role):
        run(f"SELECT {call}")


def test_nobody_may_execute_the_ledgers_functions_without_a_grant():
    assert (
        rows(
            "SELECT proname FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) a"
            " WHERE proname LIKE 'wallets\\_%' AND a.grantee = 0"
        )
        == []
    )


def test_functions_of_the_owners_rights_pin_where_they_look():
    found = rows(
        "SELECT proname, (SELECT c FROM unnest(proconfig) c WHERE c LIKE 'search_path%')"
        " FROM pg_proc WHERE prosecdef AND proname LIKE 'wallets\\_%' ORDER BY 1"
    )

    pinned = "search_path=pg_catalog, public, pg_temp"
    assert found == [
        ("wallets_lock", pinned),
        ("wallets_open_accounts", pinned),
        ("wallets_pay_out", pinned),
        ("wallets_post", pinned),
        ("wallets_post_many", pinned),
        ("wallets_reserve", pinned),
        ("wallets_settle", pinned),
        ("wallets_settle_batch", pinned),
    ]


def test_nobody_may_create_in_the_schema_that_the_functions_look_in():
    assert (
        rows(
            "SELECT 1 FROM pg_namespace, aclexplode(nspacl) a"
            " WHERE nspname = 'public' AND a.grantee = 0 AND a.privilege_type = 'CREATE'"
        )
        == []
    )


def test_a_temporary_table_does_not_stand_in_for_the_ledgers(settled):
    of, _ = settled

    run("CREATE TEMPORARY TABLE wallets_journal (LIKE public.wallets_journal)")
    ledger.settle(settlement(of, invoice=2))

    assert rows("SELECT count(*) FROM public.wallets_journal") == [(2,)]
    assert rows("SELECT count(*) FROM pg_temp.wallets_journal") == [(0,)]


def test_held_money_cannot_be_spent(settled):
    of, journal = settled
    run(f"UPDATE wallets_balance SET held = 1 WHERE account_id = {of.available}")
    back = [of.outside, of.available, of.fees], [333_334, -316_667, -16_667], [0, 0, 0]

    with pytest.raises(InsufficientFunds), transaction.atomic():
        ledger.call(ledger.POST, "reversal", "back:1", "invoice", 1, *back, journal.journal_id)

    assert counts() == (1, 3)


def test_a_settlement_from_an_ordinary_account_takes_from_it(settled):
    of, _ = settled
    other = accounts(user=2, currency="JPY")

    ledger.settle(
        replace(settlement(other, invoice=2, total=316_667, fee=667), source_account=of.available)
    )

    assert rows("SELECT posted FROM wallets_balance WHERE shard = 0 ORDER BY 1") == [
        (0,),
        (0,),
        (316_000,),
    ]
    assert breaks() == []


def test_the_owner_of_a_test_database_may_empty_it(settled):
    run(
        "SET LOCAL tranche.allow_flush = on",
        "TRUNCATE wallets_entry, wallets_journal, wallets_balance, wallets_account",
    )

    assert counts() == (0, 0)
    assert rows("SELECT count(*) FROM wallets_currency") == [(21,)]


def _everything() -> list[list[tuple]]:
    return [rows(f"SELECT t::text FROM {table} t ORDER BY 1") for table in COLUMNS]
