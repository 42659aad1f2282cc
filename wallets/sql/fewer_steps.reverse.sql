create or replace function wallets_grant_settling(p_role text) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  execute format(
    'grant execute on function wallets_decimal, wallets_tell_settled, wallets_pay_held to %I', p_role);
end $$;
drop function wallets_bill;
drop function wallets_works(bigint[], text, integer);

create or replace function wallets_pay_held(
  p_invoices bigint[], p_keys text[], p_numbers text[], p_statuses text[], p_written boolean,
  p_milestones bigint[], p_projects bigint[], p_subjects text[], p_payers bigint[],
  p_sellers bigint[], p_credited text[], p_available_on date[], p_currencies text[],
  p_totals bigint[], p_nets bigint[], p_fees bigint[], p_lifetimes bigint[],
  p_label text, p_at timestamptz, p_request text, p_address inet
) returns boolean language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off set jit = off
as $$
declare
  v_payments bigint[] := array(
    select nextval('wallets_payment_id_seq') from generate_series(1, cardinality(p_invoices)));
  v_uuids uuid[] := array(
    select gen_random_uuid() from generate_series(1, cardinality(p_invoices)));
  v_count integer := cardinality(p_invoices);
  v_sources bigint[];
  v_credited bigint[];
  v_platform bigint[];
  v_opened bigint[];
begin
  insert into wallets_payment (
    id, uuid, purpose, provider, label, status, outcome, created_at, ended_at, invoice_id, payer_id,
    amount_minor, received_minor, currency, is_automatic, token, failure_code
  )
  select p.id, p.uuid, 'invoice', 'held', p_label, 'succeeded', 'exact', p_at, p_at, p.invoice,
    p.payer, p.total, p.total, p.currency, true, '', ''
  from unnest(v_payments, v_uuids, p_invoices, p_payers, p_totals, p_currencies)
    p(id, uuid, invoice, payer, total, currency);

  v_sources := array(
    select a.id
    from unnest(p_milestones, p_currencies) with ordinality w(milestone, currency, place)
    left join wallets_account a on a.owner = 'milestone:' || w.milestone and a.kind = 'held'
      and a.currency = w.currency::char(3)
    order by w.place);
  v_credited := array(
    select a.id
    from unnest(p_sellers, p_credited, p_currencies) with ordinality w(seller, kind, currency, place)
    left join wallets_account a on a.owner = 'user:' || w.seller and a.kind = w.kind
      and a.currency = w.currency::char(3)
    order by w.place);
  v_platform := array(
    select f.id
    from unnest(p_currencies) with ordinality w(currency, place)
    left join (
      select a.id, a.currency from wallets_account a where a.owner = 'platform' and a.kind = 'fees'
    ) f on f.currency = w.currency::char(3)
    order by w.place);
  if array_position(v_sources || v_credited || v_platform, null) is not null then
    v_opened := array(select wallets_open_accounts(
      array(select 'milestone:' || m from unnest(p_milestones) m)
        || array(select 'user:' || s from unnest(p_sellers) s)
        || array_fill('platform'::text, array[v_count]),
      array_fill('held'::text, array[v_count]) || p_credited
        || array_fill('fees'::text, array[v_count]),
      p_currencies || p_currencies || p_currencies));
    v_sources := v_opened[1:v_count];
    v_credited := v_opened[v_count + 1:2 * v_count];
    v_platform := v_opened[2 * v_count + 1:];
  end if;
  if v_count = 1 then
    perform wallets_settle('settle:' || p_keys[1], 'invoice', p_invoices[1], v_sources[1],
      v_credited[1], v_platform[1], p_totals[1], p_nets[1], p_fees[1], p_lifetimes[1]);
  else
    perform wallets_settle_batch(array(select 'settle:' || k from unnest(p_keys) k), 'invoice',
      p_invoices, v_sources, v_credited, v_platform, p_totals, p_nets, p_fees, p_lifetimes);
  end if;

  perform invoicing_pay(p_invoices, p_keys, p_numbers, p_statuses, p_written, p_at, p_request, p_address);
  if gigs_settle(p_milestones, p_at, p_request, p_address) <> v_count then
    raise exception 'a milestone is not approved'
      using errcode = 'check_violation', constraint = 'gigs_milestone_settled_from_approved';
  end if;
  perform gigs_complete(p_projects, p_at, p_request, p_address);
  perform wallets_tell_settled(
    array(select 'pay_' || replace(u::text, '-', '') from unnest(v_uuids) u),
    array(select '#' || p || ' succeeded' from unnest(v_payments) p),
    array_fill('succeeded'::text, array[v_count]), array_fill('held'::text, array[v_count]),
    p_keys, p_numbers, p_subjects, p_currencies, p_sellers, p_totals, p_nets, p_fees, p_available_on,
    p_at, p_request, p_address);
  return exists (
    select from unnest(p_sellers) s(seller)
    join wallets_account a on a.owner = 'user:' || s.seller and a.kind = 'debt'
    join wallets_balance b on b.account_id = a.id
    where b.posted < 0
  );
end $$;

create or replace function wallets_entry_check() returns trigger
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
