drop view wallets_every_break;
drop view wallets_posted_and_due;
drop view wallets_legs;
drop function wallets_entry_breaks;

-- Every entry of the journals in the range that does not follow from the one before it in its
-- chain, from its journal and its account. Journals lie together, so a range is read in one go;
-- the entry before the first of a chain within the range is looked up.
create function wallets_entry_breaks(
  p_first_journal bigint default -9223372036854775808,
  p_last_journal bigint default 9223372036854775807,
  p_first_account bigint default 0, p_last_account bigint default 9223372036854775807
) returns table (account_id bigint, shard smallint, seq bigint, problem text)
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
set work_mem = '256MB' set jit = off set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
  return query
  with entry as (
    select e.*,
      lag(e.seq) over chain as lag_seq,
      lag(e.balance_after) over chain as lag_balance,
      lag(e.journal_id) over chain as lag_journal,
      lag(e.hash) over chain as lag_head
    from wallets_entry e
    where e.journal_id between p_first_journal and p_last_journal
      and e.account_id between p_first_account and p_last_account
    window chain as (partition by e.account_id, e.shard order by e.seq)
  ), fetched as (
    select e.*, case when e.lag_seq = e.seq - 1 then null else (
      select p from wallets_entry p
      where p.account_id = e.account_id and p.shard = e.shard and p.seq < e.seq
      order by p.seq desc limit 1
    ) end as before
    from entry e
    offset 0
  ), linked as (
    select e.*,
      case when e.lag_seq = e.seq - 1 then e.lag_seq else coalesce((e.before).seq, 0) end
        as seq_before,
      case when e.lag_seq = e.seq - 1 then e.lag_balance
        else coalesce((e.before).balance_after, 0) end as balance_before,
      case when e.lag_seq = e.seq - 1 then e.lag_journal else (e.before).journal_id end
        as journal_before,
      case when e.lag_seq = e.seq - 1 then e.lag_head else (e.before).hash end as head_before
    from fetched e
  ), journal as (
    -- Fenced, so that the bytes of a journal are built once and not for each leg.
    select j.id, wallets_journal_bytes(
      j.id, j.kind, j.about_type, j.about_id, j.key, j.reverses, j.posted_at) as bytes
    from wallets_journal j
    where j.id between p_first_journal and p_last_journal
    offset 0
  )
  select e.account_id, e.shard, e.seq,
    case
      when e.seq <> e.seq_before + 1 then 'entries before this one are missing'
      when j.id is null then 'the journal is missing'
      when a.id is null then 'the account is missing'
      when e.currency <> a.currency then 'the currency is not the account''s'
      when e.balance_after <> e.balance_before + e.amount then 'the running balance is wrong'
      when e.journal_id <= e.journal_before then 'the journals are out of order'
      else 'the hash does not follow from the entry'
    end
  from linked e
  left join journal j on j.id = e.journal_id
  left join wallets_account a on a.id = e.account_id
  where e.seq <> e.seq_before + 1
    or e.balance_after <> e.balance_before + e.amount
    or e.journal_id <= e.journal_before
    or e.currency is distinct from a.currency
    or e.hash is distinct from wallets_chain_next(
      coalesce(e.head_before, wallets_chain_start(e.account_id, e.shard, a.owner, a.kind, a.currency)),
      wallets_leg_bytes(
        j.bytes, e.leg, e.account_id, e.shard, e.seq, e.amount, e.currency, e.balance_after))
  order by e.account_id, e.shard, e.seq;
end $$;

-- Every place where the chains of the accounts in the range do not hold: one row for each broken
-- entry, balance row or account. No row means that each entry follows from the one before it, from
-- its journal and its account, up to the balance row's head.
create function wallets_chain_breaks(
  p_first_account bigint default 0, p_last_account bigint default 9223372036854775807
) returns table (account_id bigint, shard smallint, seq bigint, problem text)
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select * from wallets_entry_breaks(
    p_first_account => p_first_account, p_last_account => p_last_account)
  union all
  select * from wallets_head_breaks(p_first_account, p_last_account);
$$;

revoke execute on function wallets_entry_breaks, wallets_chain_breaks from public;

create or replace function wallets_grant(p_role text) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  execute format(
    'revoke all on wallets_currency, wallets_account, wallets_balance, wallets_journal, wallets_entry
     from %I', p_role);
  execute format(
    'grant select on wallets_currency, wallets_account, wallets_balance, wallets_journal, wallets_entry
     to %I', p_role);
  execute format(
    'grant execute on function wallets_open_accounts, wallets_post, wallets_post_many, wallets_settle,
       wallets_settle_batch, wallets_reserve, wallets_pay_out, wallets_seq_before, wallets_chain_breaks,
       wallets_entry_breaks, wallets_head_breaks, wallets_seq_at, wallets_text_bytes,
       wallets_journal_bytes, wallets_leg_bytes, wallets_chain_next, wallets_chain_start
     to %I', p_role);
end $$;
