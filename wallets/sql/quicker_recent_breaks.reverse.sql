-- What wallets_chain_breaks says, of the entries behind the checkpoints and of every balance row.
create or replace function wallets_recent_breaks()
returns table (account_id bigint, shard smallint, seq bigint, problem text)
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
set work_mem = '64MB' set jit = off
as $$
#variable_conflict use_column
begin
  return query
  with entry as (
    select e.*,
      lag(e.seq, 1, e.proved_seq) over chain as seq_before,
      lag(e.balance_after, 1, e.proved_balance) over chain as balance_before,
      lag(e.journal_id) over chain as journal_before,
      lag(e.hash, 1, e.proved_head) over chain as head_before
    from wallets_recent_entries() e
    window chain as (partition by e.account_id, e.shard order by e.seq)
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
  from entry e
  left join wallets_journal j on j.id = e.journal_id
  left join wallets_account a on a.id = e.account_id
  where e.seq <> e.seq_before + 1
    or e.balance_after <> e.balance_before + e.amount
    or e.journal_id <= e.journal_before
    or e.currency is distinct from a.currency
    or e.hash is distinct from wallets_chain_next(
      coalesce(e.head_before, wallets_chain_start(e.account_id, e.shard, a.owner, a.kind, a.currency)),
      wallets_leg_bytes(
        wallets_journal_bytes(
          j.id, j.kind, j.about_type, j.about_id, j.key, j.reverses, j.posted_at),
        e.leg, e.account_id, e.shard, e.seq, e.amount, e.currency, e.balance_after))
  order by e.account_id, e.shard, e.seq;

  return query
  select b.account_id, b.shard, b.seq, 'the balance row does not follow from the last entry'
  from wallets_balance b
  join wallets_account a on a.id = b.account_id
  left join wallets_checkpoint c on c.account_id = b.account_id and c.shard = b.shard
  left join lateral (
    select e.seq, e.balance_after, e.hash from wallets_entry e
    where e.account_id = b.account_id and e.shard = b.shard and e.seq >= coalesce(c.seq, 0)
    order by e.seq desc limit 1
  ) last on true
  where b.seq <> coalesce(last.seq, 0) or b.posted <> coalesce(last.balance_after, 0)
    or b.head is distinct from coalesce(
      last.hash, wallets_chain_start(b.account_id, b.shard, a.owner, a.kind, a.currency));

  return query
  select c.account_id, c.shard, c.seq, 'the chain is not what it was when it was proved'
  from wallets_checkpoint c
  left join wallets_balance b on b.account_id = c.account_id and b.shard = c.shard
  where b.seq is null or b.seq < c.seq
    or b.seq = c.seq and (b.posted <> c.posted or b.head <> c.head);
end $$;
