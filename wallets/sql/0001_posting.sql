-- The posting functions: the only way to write a journal. They run as their owner; the application's
-- role may execute them and read the tables, nothing else.
--
-- All keep one order: lock the balances (ordinary ones by account id, then hot shards), read the
-- clock, insert the journal under its unique key, move the balances, insert the entries. So neither
-- posted_at nor the journal's id ever goes back within a chain, and a second call with the same key
-- finds what the first one wrote. READ COMMITTED is assumed. A transaction that posts several
-- journals uses the set-based function: two calls could take their locks against that order.
-- Plans are pinned to index look-ups: they may be made while the tables are empty.

-- Open the accounts that are missing, each with all its balance rows; ids in the order asked for.
create function wallets_open_accounts(p_owners text[], p_kinds text[], p_currencies text[])
returns setof bigint
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set jit = off
as $$
begin
  with missing as (
    select distinct w.owner, w.kind, w.currency
    from unnest(p_owners, p_kinds, p_currencies) w(owner, kind, currency)
    where not exists (
      select from wallets_account a
      where a.owner = w.owner and a.kind = w.kind and a.currency = w.currency
    )
  ), opened as (
    insert into wallets_account (owner, kind, currency, shards, min_balance, max_balance)
    select m.owner, m.kind, m.currency,
      case when m.kind in ('fees', 'tax', 'rounding', 'outside') then 64 else 1 end,
      case when m.kind in ('available', 'pending', 'credit', 'held') then 0 end,
      case when m.kind = 'debt' then 0 end
    from missing m
    order by m.owner, m.kind, m.currency
    on conflict (owner, kind, currency) do nothing
    returning *
  )
  insert into wallets_balance (account_id, shard, currency, min_balance, max_balance, head)
  select o.id, s.shard, o.currency, o.min_balance, o.max_balance,
    wallets_chain_start(o.id, s.shard::smallint, o.owner, o.kind, o.currency)
  from opened o
  cross join lateral generate_series(
    case when o.shards = 1 then 0 else 1 end, case when o.shards = 1 then 0 else o.shards end
  ) s(shard);

  return query
    select a.id
    from unnest(p_owners, p_kinds, p_currencies) with ordinality w(owner, kind, currency, place)
    join wallets_account a
      on a.owner = w.owner and a.kind = w.kind and a.currency = w.currency
    order by w.place;
end $$;

-- The journal that an earlier call with this key wrote; refused when that one says anything else.
create function wallets_replay(
  p_key text, p_kind text, p_about_type text, p_about_id bigint, p_reverses bigint,
  p_accounts bigint[], p_amounts bigint[], out v_id bigint, out v_posted_at timestamptz
)
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set jit = off
as $$
begin
  select j.id, j.posted_at into v_id, v_posted_at
  from wallets_journal j
  where j.key = p_key and j.kind = p_kind and j.about_type = p_about_type
    and j.about_id = p_about_id and j.reverses is not distinct from p_reverses
    and array(
      select row(e.account_id, e.amount)::text from wallets_entry e
      where e.journal_id = j.id order by e.account_id, e.amount
    ) = array(
      select row(l.account, l.amount)::text from unnest(p_accounts, p_amounts) l(account, amount)
      where l.amount <> 0 order by l.account, l.amount
    );
  if v_id is null then
    raise exception 'the key % was used for another journal', p_key
      using errcode = 'unique_violation', constraint = 'wallets_journal_key_means_one_thing',
        table = 'wallets_journal';
  end if;
end $$;

-- One journal with one leg for each account; p_lifetimes moves the lifetime earnings beside them.
create function wallets_post(
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

-- Several journals in their order: [{kind, key, about_type, about_id, reverses, legs: [{account,
-- amount, lifetime}]}]. All balances are locked first, so that each of them then finds its own free.
create function wallets_post_many(p_journals jsonb)
returns table (v_id bigint, v_posted_at timestamptz, v_replayed boolean)
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set jit = off
as $$
declare
  v_hot_shard smallint := 1 + pg_backend_pid() % 64;
  v_accounts bigint[] := array(
    select distinct (l ->> 'account')::bigint
    from jsonb_array_elements(p_journals) j, jsonb_array_elements(j -> 'legs') l);
  v_journal jsonb;
begin
  perform from wallets_balance
  where account_id = any (v_accounts) and shard in (0, v_hot_shard)
  order by shard > 0, account_id
  for no key update;
  for v_journal in select jsonb_array_elements(p_journals) loop
    return query select p.v_id, p.v_posted_at, p.v_replayed
    from wallets_post(
      v_journal ->> 'kind', v_journal ->> 'key', v_journal ->> 'about_type',
      (v_journal ->> 'about_id')::bigint,
      array(select (l ->> 'account')::bigint
            from jsonb_array_elements(v_journal -> 'legs') with ordinality e(l, place) order by place),
      array(select (l ->> 'amount')::bigint
            from jsonb_array_elements(v_journal -> 'legs') with ordinality e(l, place) order by place),
      array(select (l ->> 'lifetime')::bigint
            from jsonb_array_elements(v_journal -> 'legs') with ordinality e(l, place) order by place),
      (v_journal ->> 'reverses')::bigint) p;
  end loop;
end $$;

-- One settlement: source -total, available +net, fees +fee. A leg of zero is left out.
create function wallets_settle(
  p_key text, p_about_type text, p_about_id bigint,
  p_source bigint, p_available bigint, p_fees bigint,
  p_total bigint, p_net bigint, p_fee bigint, p_lifetime bigint,
  out v_id bigint, out v_posted_at timestamptz, out v_replayed boolean
)
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set jit = off
as $$
declare
  v_hot_shard smallint := 1 + pg_backend_pid() % 64;
  v_found smallint := 0;
  v_row record;
  v_source record;
  v_available record;
  v_fees record;
  v_journal bytea;
begin
  if (p_total > 0 and p_net >= 0 and p_fee >= 0 and p_lifetime between 0 and p_net) is not true then
    raise exception 'settlement % has impossible amounts', p_key
      using errcode = 'check_violation', constraint = 'wallets_settlement_amounts_valid';
  end if;
  for v_row in
    select b.account_id, b.shard, b.posted, b.seq, b.currency, b.head
    from wallets_balance b
    where b.account_id in (p_source, p_available, p_fees) and b.shard in (0, v_hot_shard)
    order by b.shard > 0, b.account_id
    for no key update
  loop
    v_found := v_found + 1;
    case v_row.account_id
      when p_source then v_source := v_row;
      when p_available then v_available := v_row;
      else v_fees := v_row;
    end case;
  end loop;
  if v_found <> 3 then
    raise exception 'settlement % needs three existing accounts', p_key
      using errcode = 'foreign_key_violation', constraint = 'wallets_journal_one_leg_per_account';
  end if;

  v_posted_at := clock_timestamp();
  insert into wallets_journal (kind, about_type, about_id, key, posted_at)
    values ('settlement', p_about_type, p_about_id, p_key, v_posted_at)
    on conflict (key) do nothing
    returning id into v_id;
  v_replayed := v_id is null;
  if v_replayed then
    select r.v_id, r.v_posted_at into v_id, v_posted_at
    from wallets_replay(
      p_key, 'settlement', p_about_type, p_about_id, null,
      array[p_source, p_available, p_fees], array[-p_total, p_net, p_fee]) r;
    return;
  end if;

  v_journal := wallets_journal_bytes(
    v_id, 'settlement', p_about_type, p_about_id, p_key, null, v_posted_at);
  with leg as materialized (
    select l.*, wallets_chain_next(l.head, wallets_leg_bytes(
      v_journal, l.leg, l.account, l.shard, l.seq, l.amount, l.currency, l.balance_after)) as hash
    from (values
      (1::smallint, p_source, -p_total, 0::bigint, v_source.shard, v_source.currency,
        v_source.seq + 1, v_source.posted - p_total, v_source.head),
      (2::smallint, p_available, p_net, p_lifetime, v_available.shard, v_available.currency,
        v_available.seq + 1, v_available.posted + p_net, v_available.head),
      (3::smallint, p_fees, p_fee, 0::bigint, v_fees.shard, v_fees.currency,
        v_fees.seq + 1, v_fees.posted + p_fee, v_fees.head)
    ) l(leg, account, amount, lifetime, shard, currency, seq, balance_after, head)
    where l.amount <> 0
  ), moved as (
    update wallets_balance b
    set posted = l.balance_after, seq = l.seq, head = l.hash, lifetime = b.lifetime + l.lifetime
    from leg l where b.account_id = l.account and b.shard = l.shard
  )
  insert into wallets_entry
    (journal_id, leg, account_id, shard, seq, amount, currency, balance_after, hash)
  select v_id, leg, account, shard, seq, amount, currency, balance_after, hash from leg;
end $$;

-- Windows of a batch: the running balance in plain bigint (sum() would go through numeric), and the
-- hashes of each chain, the first one upon the chain's head.
create aggregate wallets_running(bigint) (sfunc = int8pl, stype = bigint, parallel = safe);
create function wallets_chain_step(p_state bytea, p_head bytea, p_leg bytea) returns bytea
language plpgsql immutable parallel safe
as $$ begin return sha256('\x01'::bytea || coalesce(p_state, p_head) || p_leg); end $$;
create aggregate wallets_chain(p_head bytea, p_leg bytea) (
  sfunc = wallets_chain_step, stype = bytea, parallel = safe
);

-- Many settlements as one set: what wallets_settle does, with one update for each balance row.
-- Keys that have been settled before come back as replays. posted_at is the batch's.
create function wallets_settle_batch(
  p_keys text[], p_about_type text, p_about_ids bigint[],
  p_sources bigint[], p_availables bigint[], p_fees_accounts bigint[],
  p_totals bigint[], p_nets bigint[], p_fees bigint[], p_lifetimes bigint[]
) returns table (v_id bigint, v_posted_at timestamptz, v_replayed boolean)
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_custom_plan set enable_seqscan = off set jit = off
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
