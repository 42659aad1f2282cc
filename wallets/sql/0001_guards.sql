-- What the database itself refuses, whoever asks.

-- Every journal sums to zero per currency within the statement that inserts its entries, and the
-- last entry of each chain equals its balance row: nobody can add an entry beside the functions
-- that lock and move the balances. Joins are pinned to index look-ups because the plan is made once
-- per connection, perhaps while the tables are empty.
create function wallets_entry_check() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set jit = off
as $$
begin
  if exists (
    select from added group by journal_id, currency having sum(amount) <> 0
  ) then
    raise exception 'the legs of a journal do not sum to zero in each currency'
      using errcode = 'check_violation', constraint = 'wallets_journal_balanced', table = 'wallets_entry';
  end if;
  if exists (
    select from added a
    left join wallets_balance b on b.account_id = a.account_id and b.shard = a.shard
    where b.currency is distinct from a.currency or a.seq > b.seq
      or a.seq = b.seq and (a.balance_after <> b.posted or a.hash <> b.head)
  ) then
    raise exception 'an entry does not follow the balance of its account'
      using errcode = 'check_violation', constraint = 'wallets_entry_follows_balance', table = 'wallets_entry';
  end if;
  return null;
end $$;

create trigger wallets_entry_check after insert on wallets_entry
  referencing new table as added for each statement execute function wallets_entry_check();

-- TRUNCATE is open only to the tables' owner in a session that says so: tests between two cases.
create function wallets_refuse_change() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if tg_op = 'TRUNCATE'
    and current_setting('tranche.allow_flush', true) = 'on'
    and current_user = (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid)
  then
    return null;
  end if;
  raise exception '% refused: % is append-only', tg_op, tg_table_name
    using errcode = 'insufficient_privilege', constraint = tg_name, table = tg_table_name;
end $$;

create trigger wallets_currency_is_append_only before update or delete or truncate on wallets_currency
  for each statement execute function wallets_refuse_change();
create trigger wallets_account_is_append_only before update or delete or truncate on wallets_account
  for each statement execute function wallets_refuse_change();
create trigger wallets_balance_is_kept before delete or truncate on wallets_balance
  for each statement execute function wallets_refuse_change();
create trigger wallets_journal_is_append_only before update or delete or truncate on wallets_journal
  for each statement execute function wallets_refuse_change();
create trigger wallets_entry_is_append_only before update or delete or truncate on wallets_entry
  for each statement execute function wallets_refuse_change();
