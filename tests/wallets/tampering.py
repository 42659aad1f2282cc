"""Edits of the ledger by a superuser who has switched the triggers off, drawn at random.

Each edit knows where it has to be found: the first broken place of every chain that it touches.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.wallets.books import rows, run

Chain = tuple[int, int]
Places = dict[Chain, int]
INSERTED_LEG = 50
FAR = 1_000_000


@dataclass(frozen=True)
class Place:
    """One entry, and how long its chain is."""

    account: int
    shard: int
    seq: int
    journal: int
    last: int

    @property
    def chain(self) -> Chain:
        return self.account, self.shard

    @property
    def where(self) -> str:
        return f"account_id = {self.account} AND shard = {self.shard}"

    @property
    def this(self) -> str:
        return f"{self.where} AND seq = {self.seq}"

    @property
    def found_when_gone(self) -> int:
        """The entry behind it does not follow; behind the last one, the balance row does not."""
        return min(self.seq + 1, self.last)


def places() -> list[Place]:
    return [
        Place(*row)
        for row in rows(
            "SELECT e.account_id, e.shard, e.seq, e.journal_id, b.seq FROM wallets_entry e"
            " JOIN wallets_balance b USING (account_id, shard)"
            " ORDER BY e.account_id, e.shard, e.seq"
        )
    ]


def legs(entries: list[Place], journal: int) -> list[Place]:
    return [entry for entry in entries if entry.journal == journal]


def amount(entries: list[Place], random: Random) -> Places:
    entry = random.choice(entries)
    run(f"UPDATE wallets_entry SET amount = amount * {random.randint(2, 9)} WHERE {entry.this}")
    return {entry.chain: entry.seq}


def amount_and_balances(entries: list[Place], random: Random) -> Places:
    """One minor unit more from there on, up to the balance row: every sum of the chain is right."""
    entry = random.choice(entries)
    run(
        f"UPDATE wallets_entry SET amount = amount + 10000000 WHERE {entry.this}",
        "UPDATE wallets_entry SET balance_after = balance_after + 10000000"
        f" WHERE {entry.where} AND seq >= {entry.seq}",
        f"UPDATE wallets_balance SET posted = posted + 10000000 WHERE {entry.where}",
    )
    return {entry.chain: entry.seq}


def account(entries: list[Place], random: Random) -> Places:
    entry = random.choice(entries)
    other = random.choice([place for place in entries if place.chain != entry.chain])
    run(
        f"UPDATE wallets_entry SET account_id = {other.account}, shard = {other.shard},"
        f" seq = {other.last + 1} WHERE {entry.this}"
    )
    return {entry.chain: entry.found_when_gone, other.chain: other.last + 1}


def posted_at(entries: list[Place], random: Random) -> Places:
    journal = random.choice(entries).journal
    shift = random.choice([-1, 1]) * random.randint(1, 10**9)
    run(
        f"UPDATE wallets_journal SET posted_at = posted_at + interval '{shift} microseconds'"
        f" WHERE id = {journal}"
    )
    return {leg.chain: leg.seq for leg in legs(entries, journal)}


def words(entries: list[Place], random: Random) -> Places:
    journal = random.choice(entries).journal
    change = random.choice(
        ["key = key || 'x'", "about_id = about_id + 1", "about_type = 'gig'", "kind = 'withdrawal'"]
    )
    run(f"UPDATE wallets_journal SET {change} WHERE id = {journal}")
    return {leg.chain: leg.seq for leg in legs(entries, journal)}


def deletion(entries: list[Place], random: Random) -> Places:
    entry = random.choice(entries)
    run(f"DELETE FROM wallets_entry WHERE {entry.this}")
    return {entry.chain: entry.found_when_gone}


def deletion_of_a_journal(entries: list[Place], random: Random) -> Places:
    journal = random.choice(entries).journal
    run(
        f"DELETE FROM wallets_entry WHERE journal_id = {journal}",
        f"DELETE FROM wallets_journal WHERE id = {journal}",
    )
    return {leg.chain: leg.found_when_gone for leg in legs(entries, journal)}


def insertion(entries: list[Place], random: Random) -> Places:
    """One entry more in the past, the later ones moved up, with balances that add up."""
    entry = random.choice(entries)
    gain = random.randint(1, 10**6)
    run(
        f"UPDATE wallets_entry SET seq = seq + {FAR} WHERE {entry.where} AND seq >= {entry.seq}",
        f"UPDATE wallets_entry SET seq = seq - {FAR - 1}, balance_after = balance_after + {gain}"
        f" WHERE {entry.where} AND seq > {FAR}",
        f"UPDATE wallets_balance SET seq = seq + 1, posted = posted + {gain} WHERE {entry.where}",
        "INSERT INTO wallets_entry (journal_id, leg, account_id, shard, seq, amount, currency,"
        f" balance_after, hash) SELECT journal_id, {INSERTED_LEG}, account_id, shard, {entry.seq},"
        f" {gain}, currency, balance_after - amount, sha256('x') FROM wallets_entry"
        f" WHERE {entry.where} AND seq = {entry.seq + 1}",
    )
    return {entry.chain: entry.seq}


def swap(entries: list[Place], random: Random) -> Places:
    """Two entries of a chain change places, with their running balances."""
    entry = random.choice([place for place in entries if place.last > 1])
    other = random.choice([n for n in range(1, entry.last + 1) if n != entry.seq])
    first, second = sorted((entry.seq, other))
    run(
        f"UPDATE wallets_entry SET seq = {FAR} WHERE {entry.where} AND seq = {first}",
        f"UPDATE wallets_entry SET seq = {first} WHERE {entry.where} AND seq = {second}",
        f"UPDATE wallets_entry SET seq = {second} WHERE {entry.where} AND seq = {FAR}",
        "UPDATE wallets_entry e SET balance_after = s.sum FROM (SELECT journal_id, leg, sum(amount)"
        f" OVER (ORDER BY seq) FROM wallets_entry WHERE {entry.where}) s"
        f" WHERE e.journal_id = s.journal_id AND e.leg = s.leg AND {entry.where}",
    )
    return {entry.chain: first}


def balance_row(entries: list[Place], random: Random) -> Places:
    entry = random.choice(entries)
    change, found = random.choice(
        [
            (f"posted = posted + {random.randint(1, 10**6)}", entry.last),
            ("head = sha256(head)", entry.last),
            ("seq = seq + 1", entry.last + 1),
            ("currency = 'EUR'", entry.last),
        ]
    )
    run(f"UPDATE wallets_balance SET {change} WHERE {entry.where}")
    return {entry.chain: found}


def link(entries: list[Place], random: Random) -> Places:
    entry = random.choice(entries)
    change = random.choice(["hash = sha256(hash)", "currency = 'EUR'", f"leg = {INSERTED_LEG}"])
    run(f"UPDATE wallets_entry SET {change} WHERE {entry.this}")
    return {entry.chain: entry.seq}


EDITS: list[Callable[[list[Place], Random], Places]] = [
    amount,
    amount_and_balances,
    account,
    posted_at,
    words,
    deletion,
    deletion_of_a_journal,
    insertion,
    swap,
    balance_row,
    link,
]
