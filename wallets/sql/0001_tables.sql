-- The ledger's tables. Amounts are signed minor units: what an account gains is positive.
-- Only wallets_balance ever changes, and only through the posting functions of 0001_posting.sql.
do $$
begin
  if exists (
    select from pg_namespace n, aclexplode(n.nspacl) grant_
    where n.nspname = 'public' and grant_.grantee = 0 and grant_.privilege_type = 'CREATE'
  ) then
    -- The posting functions run as their owner and look names up in public.
    revoke create on schema public from public;
  end if;
end $$;

create table wallets_currency (
  code char(3) primary key,
  exponent smallint not null,
  constraint wallets_currency_code_valid check (code ~ '^[A-Z]{3}$'),
  constraint wallets_currency_exponent_valid check (exponent between 0 and 3)
);

-- owner is 'user:<id>', 'milestone:<id>', 'provider:<name>' or 'platform'. A row never changes.
create table wallets_account (
  id bigint generated always as identity primary key,
  owner text not null,
  kind text not null,
  currency char(3) not null references wallets_currency (code),
  shards smallint not null,
  min_balance bigint,
  max_balance bigint,
  constraint wallets_account_one_per_owner_kind_currency unique (owner, kind, currency),
  constraint wallets_account_owner_fits_kind check (
    case
      when kind in ('available', 'pending', 'debt', 'credit') then owner ~ '^user:[1-9][0-9]{0,18}$'
      when kind = 'held' then owner ~ '^milestone:[1-9][0-9]{0,18}$'
      when kind in ('fees', 'tax', 'rounding') then owner = 'platform'
      when kind = 'outside' then owner ~ '^provider:[a-z][a-z0-9_]{0,39}$'
      else false
    end
  ),
  constraint wallets_account_limits_fit_kind check (
    case
      when kind in ('available', 'pending', 'credit', 'held')
        then shards = 1 and min_balance = 0 and max_balance is null
      when kind = 'debt' then shards = 1 and min_balance is null and max_balance = 0
      else shards = 64 and min_balance is null and max_balance is null
    end is true
  )
);

-- shard 0 is the one row of an ordinary account; a hot account has shards 1 to 64.
-- seq counts the entries of the chain, head is the hash of its last one.
create table wallets_balance (
  account_id bigint not null references wallets_account (id),
  shard smallint not null,
  posted bigint not null default 0,
  held bigint not null default 0,
  lifetime bigint not null default 0,
  seq bigint not null default 0,
  min_balance bigint,
  max_balance bigint,
  currency char(3) not null,
  head bytea not null,
  constraint wallets_balance_pkey primary key (account_id, shard),
  constraint wallets_balance_not_below_floor check (posted - held >= min_balance),
  constraint wallets_balance_not_above_ceiling check (posted <= max_balance),
  constraint wallets_balance_held_not_negative check (held >= 0),
  constraint wallets_balance_lifetime_not_negative check (lifetime >= 0)
) with (
  fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0
);

create table wallets_journal (
  id bigint generated always as identity primary key,
  about_id bigint not null,
  reverses bigint,
  posted_at timestamptz not null,
  kind text not null,
  about_type text not null,
  key text not null,
  constraint wallets_journal_one_per_key unique (key),
  constraint wallets_journal_kind_valid check (
    kind in ('settlement', 'clearing', 'withdrawal', 'reversal', 'funding', 'top_up', 'release', 'take_back')
  ),
  constraint wallets_journal_about_type_not_empty check (about_type <> ''),
  constraint wallets_journal_key_length_valid check (octet_length(key) between 1 and 200),
  constraint wallets_journal_reverses_an_earlier_one check (reverses < id)
);
create unique index wallets_journal_reversed_once
  on wallets_journal (reverses) where reverses is not null;

-- No foreign keys here: the posting functions have just locked the balance and written the journal
-- (a foreign key would more than double the price of a batch), and the check trigger compares both.
create table wallets_entry (
  journal_id bigint not null,
  account_id bigint not null,
  seq bigint not null,
  amount bigint not null,
  balance_after bigint not null,
  leg smallint not null,
  shard smallint not null,
  currency char(3) not null,
  hash bytea not null,
  constraint wallets_entry_pkey primary key (journal_id, leg),
  constraint wallets_entry_one_per_place_in_chain unique (account_id, shard, seq),
  constraint wallets_entry_amount_not_zero check (amount <> 0)
);
