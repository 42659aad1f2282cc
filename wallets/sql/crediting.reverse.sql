drop view wallets_due;
drop function wallets_grant_crediting(text);
drop function wallets_lock(bigint[]);

-- One journal with one leg for each account; p_lifetimes moves the lifetime earnings beside them.
create or replace function wallets_post(
  p_kind text, p_key text, p_about_type text, p_about_id bigint,
  p_accounts bigint[], p_amounts bigint[], p_lifetimes bigint[], p_reverses bigint,
  out v_id bigint, out v_posted_at timestamptz, out v_replayed boolean
)
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set jit = off
as $$
declare
  v_hot_shard smallint := 1 + pg_backend_pid() % 64;
  v_accounts bigint[];
  v_shards smallint[];
  v_balances bigint[];
  v_seqs bigint[];
  v_currencies text[];
  v_heads bytea[];
  v_journal bytea;
begin
  if p_reverses is not null
    and not exists (select from wallets_journal j where j.id = p_reverses) then
    raise exception 'journal % to reverse does not exist', p_reverses
      using errcode = 'foreign_key_violation', constraint = 'wallets_journal_reverses_existing';
  end if;
  select array_agg(b.account_id), array_agg(b.shard), array_agg(b.posted), array_agg(b.seq),
      array_agg(b.currency::text), array_agg(b.head)
    into v_accounts, v_shards, v_balances, v_seqs, v_currencies, v_heads
  from (
    select * from wallets_balance
    where account_id = any (p_accounts) and shard in (0, v_hot_shard)
    order by shard > 0, account_id
    for no key update
  ) b;
  if cardinality(v_accounts) is distinct from cardinality(p_accounts) then
    raise exception 'journal % needs one leg for each of several existing accounts', p_key
      using errcode = 'foreign_key_violation', constraint = 'wallets_journal_one_leg_per_account';
  end if;

  v_posted_at := clock_timestamp();
  insert into wallets_journal (kind, about_type, about_id, key, reverses, posted_at)
    values (p_kind, p_about_type, p_about_id, p_key, p_reverses, v_posted_at)
    on conflict (key) do nothing
    returning id into v_id;
  v_replayed := v_id is null;
  if v_replayed then
    select r.v_id, r.v_posted_at into v_id, v_posted_at
    from wallets_replay(
      p_key, p_kind, p_about_type, p_about_id, p_reverses, p_accounts, p_amounts) r;
    return;
  end if;

  v_journal := wallets_journal_bytes(
    v_id, p_kind, p_about_type, p_about_id, p_key, p_reverses, v_posted_at);
  with leg as materialized (
    select l.place::smallint as leg, l.account, l.amount, coalesce(l.lifetime, 0) as lifetime,
      b.shard, b.currency, b.seq + 1 as seq, b.posted + l.amount as balance_after,
      wallets_chain_next(b.head, wallets_leg_bytes(
        v_journal, l.place::smallint, l.account, b.shard, b.seq + 1, l.amount, b.currency,
        b.posted + l.amount)) as hash
    from unnest(p_accounts, p_amounts, p_lifetimes)
      with ordinality l(account, amount, lifetime, place)
    join unnest(v_accounts, v_shards, v_balances, v_seqs, v_currencies, v_heads)
      b(account, shard, posted, seq, currency, head) using (account)
  ), moved as (
    update wallets_balance b
    set posted = l.balance_after, seq = l.seq, head = l.hash, lifetime = b.lifetime + l.lifetime
    from leg l where b.account_id = l.account and b.shard = l.shard
  )
  insert into wallets_entry
    (journal_id, leg, account_id, shard, seq, amount, currency, balance_after, hash)
  select v_id, leg, account, shard, seq, amount, currency, balance_after, hash from leg;
end $$;

alter table wallets_journal drop constraint wallets_journal_kind_valid;
alter table wallets_journal add constraint wallets_journal_kind_valid check (
  kind in ('settlement', 'clearing', 'withdrawal', 'reversal', 'funding', 'top_up', 'release', 'take_back')
);
