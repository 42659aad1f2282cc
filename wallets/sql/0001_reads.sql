-- Reads that need more than one look-up, and the proof of the chains.

-- The place in a chain after its last entry of a journal before p_journal: ids rise along a chain,
-- so twenty look-ups find it among a million entries without an index of its own.
create function wallets_seq_before(p_account bigint, p_shard smallint, p_journal bigint)
returns bigint
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_low bigint := 1;
  v_high bigint;
  v_middle bigint;
begin
  select b.seq + 1 into v_high from wallets_balance b
  where b.account_id = p_account and b.shard = p_shard;
  while v_low < v_high loop
    v_middle := (v_low + v_high) / 2;
    if (select e.journal_id from wallets_entry e
        where e.account_id = p_account and e.shard = p_shard and e.seq = v_middle) < p_journal then
      v_low := v_middle + 1;
    else
      v_high := v_middle;
    end if;
  end loop;
  return v_low;
end $$;

-- How many entries of a chain were posted by a moment: time never goes back along a chain.
create function wallets_seq_at(p_account bigint, p_shard smallint, p_at timestamptz)
returns bigint
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_low bigint := 0;
  v_high bigint;
  v_middle bigint;
begin
  select b.seq into v_high from wallets_balance b
  where b.account_id = p_account and b.shard = p_shard;
  while v_low < v_high loop
    v_middle := (v_low + v_high + 1) / 2;
    if (select j.posted_at from wallets_entry e join wallets_journal j on j.id = e.journal_id
        where e.account_id = p_account and e.shard = p_shard and e.seq = v_middle) <= p_at then
      v_low := v_middle;
    else
      v_high := v_middle - 1;
    end if;
  end loop;
  return v_low;
end $$;

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

-- Every balance row that is not what the last entry of its chain says, and every account that has
-- not as many as it needs.
create function wallets_head_breaks(
  p_first_account bigint default 0, p_last_account bigint default 9223372036854775807
) returns table (account_id bigint, shard smallint, seq bigint, problem text)
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  select b.account_id, b.shard, b.seq, 'the balance row does not follow from the last entry'
  from wallets_balance b
  left join wallets_account a on a.id = b.account_id
  left join lateral (
    select e.seq, e.balance_after, e.hash from wallets_entry e
    where e.account_id = b.account_id and e.shard = b.shard
    order by e.seq desc limit 1
  ) last on true
  where b.account_id between p_first_account and p_last_account
    and (
      b.seq <> coalesce(last.seq, 0) or b.posted <> coalesce(last.balance_after, 0)
      or b.head is distinct from coalesce(
        last.hash, wallets_chain_start(b.account_id, b.shard, a.owner, a.kind, a.currency))
      or (b.currency, b.min_balance, b.max_balance)
        is distinct from (a.currency, a.min_balance, a.max_balance)
    );

  return query
  select a.id, null::smallint, null::bigint, 'balance rows are missing or too many'
  from wallets_account a
  where a.id between p_first_account and p_last_account
    and (select count(*) from wallets_balance b where b.account_id = a.id) <> a.shards;
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
