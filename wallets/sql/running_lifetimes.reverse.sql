-- Lifetime earnings are joined to the balances that move.
create or replace function wallets_settle_batch(
  p_keys text[], p_about_type text, p_about_ids bigint[],
  p_sources bigint[], p_availables bigint[], p_fees_accounts bigint[],
  p_totals bigint[], p_nets bigint[], p_fees bigint[], p_lifetimes bigint[]
) returns table (v_id bigint, v_posted_at timestamptz, v_replayed boolean)
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_custom_plan set enable_seqscan = off set enable_hashjoin = on
set enable_mergejoin = on set jit = off
as $$
declare
  v_hot_shard smallint := 1 + pg_backend_pid() % 64;
  v_accounts bigint[];
  v_shards smallint[];
  v_balances bigint[];
  v_seqs bigint[];
  v_currencies text[];
  v_heads bytea[];
  v_ids bigint[];
  v_at timestamptz;
  v_before bytea;
  v_after bytea;
begin
  if exists (
    select from unnest(p_totals, p_nets, p_fees, p_lifetimes) s(total, net, fee, lifetime)
    where (total > 0 and net >= 0 and fee >= 0 and lifetime between 0 and net) is not true
  ) then
    raise exception 'a settlement has impossible amounts'
      using errcode = 'check_violation', constraint = 'wallets_settlement_amounts_valid';
  end if;
  select array_agg(b.account_id), array_agg(b.shard), array_agg(b.posted), array_agg(b.seq),
      array_agg(b.currency::text), array_agg(b.head)
    into v_accounts, v_shards, v_balances, v_seqs, v_currencies, v_heads
  from (
    select * from wallets_balance
    where account_id = any (p_sources || p_availables || p_fees_accounts)
      and shard in (0, v_hot_shard)
    order by shard > 0, account_id
    for no key update
  ) b;

  v_at := clock_timestamp();
  v_ids := array(
    select nextval('wallets_journal_id_seq') from generate_series(1, cardinality(p_keys)));
  begin
    insert into wallets_journal (id, kind, about_type, about_id, key, posted_at)
      overriding system value
      select s.id, 'settlement', p_about_type, s.about_id, s.key, v_at
      from unnest(v_ids, p_about_ids, p_keys) s(id, about_id, key);
  exception when unique_violation then
    insert into wallets_journal (id, kind, about_type, about_id, key, posted_at)
      overriding system value
      select s.id, 'settlement', p_about_type, s.about_id, s.key, v_at
      from unnest(v_ids, p_about_ids, p_keys) s(id, about_id, key)
      on conflict (key) do nothing;
    v_ids := array(
      select j.id from unnest(v_ids) with ordinality s(id, place)
      left join wallets_journal j on j.id = s.id order by s.place);
  end;

  v_before := wallets_text_bytes('settlement') || wallets_text_bytes(p_about_type);
  v_after := int8send(0) || timestamptz_send(v_at);
  with journal as materialized (
    select s.*, int8send(s.id) || v_before || int8send(s.about_id) || wallets_text_bytes(s.key)
      || v_after as bytes
    from unnest(v_ids, p_about_ids, p_keys, p_sources, p_availables, p_fees_accounts,
      p_totals, p_nets, p_fees)
      s(id, about_id, key, source, available, fees, total, net, fee)
    where s.id is not null
  ), leg as (
    select j.id, j.bytes, l.*
    from journal j
    cross join lateral (values
      (1::smallint, j.source, -j.total), (2::smallint, j.available, j.net),
      (3::smallint, j.fees, j.fee)
    ) l(leg, account, amount)
    where l.amount <> 0
  ), placed as (
    select l.*, b.shard, b.currency, b.head, b.seq + row_number() over chain as seq,
      b.posted + wallets_running(l.amount) over chain as balance_after,
      lead(l.id) over chain is null as is_last
    -- Left: an account that does not exist leaves the shard null, which the table refuses.
    from leg l
    left join unnest(v_accounts, v_shards, v_balances, v_seqs, v_currencies, v_heads)
      b(account, shard, posted, seq, currency, head) using (account)
    window chain as (partition by l.account order by l.id, l.leg rows unbounded preceding)
  ), hashed as materialized (
    select p.id, p.leg, p.account, p.shard, p.seq, p.amount, p.currency, p.balance_after, p.is_last,
      wallets_chain(p.head, wallets_leg_bytes(
        p.bytes, p.leg, p.account, p.shard, p.seq, p.amount, p.currency, p.balance_after))
      over (partition by p.account order by p.id, p.leg rows unbounded preceding) as hash
    from placed p
  ), earned as (
    select s.account, sum(s.lifetime)::bigint as lifetime
    from unnest(v_ids, p_availables, p_lifetimes) s(id, account, lifetime)
    where s.id is not null and s.lifetime > 0
    group by s.account
  ), moved as (
    update wallets_balance b
    set posted = h.balance_after, seq = h.seq, head = h.hash,
      lifetime = b.lifetime + coalesce(e.lifetime, 0)
    from hashed h left join earned e using (account)
    -- = any of one: only an index look-up can join that, where plain = could hash all balances.
    where h.is_last and b.account_id = any (array[h.account]) and b.shard = any (array[h.shard])
  )
  insert into wallets_entry
    (journal_id, leg, account_id, shard, seq, amount, currency, balance_after, hash)
  select id, leg, account, shard, seq, amount, currency, balance_after, hash from hashed;

  return query
    select coalesce(s.id, r.v_id), coalesce(r.v_posted_at, v_at), s.id is null
    from unnest(v_ids, p_keys) with ordinality s(id, key, place)
    left join (
      select o.place, p.v_id, p.v_posted_at
      from unnest(v_ids, p_keys, p_about_ids, p_sources, p_availables, p_fees_accounts,
        p_totals, p_nets, p_fees)
        with ordinality o(id, key, about_id, source, available, fees, total, net, fee, place)
      cross join lateral wallets_replay(
        o.key, 'settlement', p_about_type, o.about_id, null,
        array[o.source, o.available, o.fees], array[-o.total, o.net, o.fee]) p
      where o.id is null
    ) r using (place)
    order by s.place;
end $$;
