-- The same steps in fewer statements.

-- What invoicing_works reads, and what is held for each milestone, read after the locks.
create function wallets_works(p_milestones bigint[], p_family text, p_year integer)
returns table (work invoicing_work, held bigint) language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off set jit = off
as $$
declare
  v_milestones bigint[] := invoicing_lock_works(p_milestones, p_family, p_year);
begin
  return query
    select w, (
      select f.amount_minor + f.added_minor - f.returned_minor from wallets_milestonefunding f
      where f.milestone_id = w.milestone_id and f.status = 'held'
    )
    from invoicing_read_works(v_milestones, p_family, p_year) w;
end $$;

-- Write invoices as invoicing_write does, and pay those of them that are written as paid, in one call.
-- The columns from p_subjects on have one element for each of these, in the same order.
create function wallets_bill(
  p_at timestamptz, p_on date, p_due_on date, p_request text, p_address inet, p_topics text[],
  p_uuids uuid[], p_kinds text[], p_abouts text[], p_projects bigint[], p_milestones bigint[],
  p_sellers bigint[], p_buyers bigint[], p_seller_copies jsonb, p_buyer_copies jsonb,
  p_series bigint[], p_positions integer[], p_numbers text[], p_currencies text[],
  p_subtotals numeric[], p_taxes numeric[], p_fees numeric[], p_fee_rates numeric[],
  p_paid boolean[], p_decisions jsonb, p_decided integer[],
  p_line_of integer[], p_line_positions smallint[], p_line_texts text[], p_line_quantities numeric[],
  p_line_units text[], p_line_prices numeric[], p_line_amounts numeric[],
  p_noted bigint[], p_invoiced bigint[], p_fees_so_far bigint[],
  p_subjects text[], p_credited text[], p_available_on date[], p_totals bigint[], p_nets bigint[],
  p_fees_minor bigint[], p_lifetimes bigint[], p_label text
) returns table (id bigint, key text, is_owing boolean) language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off set jit = off
as $$
#variable_conflict use_column
declare
  v_ids bigint[];
  v_keys text[];
  v_invoices bigint[];
  v_publics text[];
  v_numbers text[];
  v_milestones bigint[];
  v_projects bigint[];
  v_buyers bigint[];
  v_sellers bigint[];
  v_currencies text[];
  v_owing boolean := false;
begin
  select array_agg(w.id), array_agg(w.key) into v_ids, v_keys
  from invoicing_write(p_at, p_on, p_due_on, p_request, p_address, p_topics, p_uuids, p_kinds,
    p_abouts, p_projects, p_milestones, p_sellers, p_buyers, p_seller_copies, p_buyer_copies,
    p_series, p_positions, p_numbers, p_currencies, p_subtotals, p_taxes, p_fees, p_fee_rates,
    p_paid, p_decisions, p_decided, p_line_of, p_line_positions, p_line_texts, p_line_quantities,
    p_line_units, p_line_prices, p_line_amounts, p_noted, p_invoiced, p_fees_so_far) w;
  select array_agg(d.id), array_agg(d.key), array_agg(d.number), array_agg(d.milestone),
      array_agg(d.project), array_agg(d.buyer), array_agg(d.seller), array_agg(d.currency)
    into v_invoices, v_publics, v_numbers, v_milestones, v_projects, v_buyers, v_sellers, v_currencies
  from unnest(v_ids, v_keys, p_numbers, p_milestones, p_projects, p_buyers, p_sellers, p_currencies,
    p_paid) d(id, key, number, milestone, project, buyer, seller, currency, paid)
  where d.paid;
  if v_invoices is not null then
    v_owing := wallets_pay_held(v_invoices, v_publics, v_numbers,
      array_fill('sent'::text, array[cardinality(v_invoices)]), true, v_milestones, v_projects,
      p_subjects, v_buyers, v_sellers, p_credited, p_available_on, v_currencies, p_totals, p_nets,
      p_fees_minor, p_lifetimes, p_label, p_at, p_request, p_address);
  end if;
  return query select w.id, w.key, v_owing from unnest(v_ids, v_keys) w(id, key);
end $$;

revoke execute on function wallets_works, wallets_bill from public;
create or replace function wallets_grant_settling(p_role text) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  execute format(
    'grant execute on function wallets_decimal, wallets_tell_settled, wallets_pay_held,'
    ' wallets_works, wallets_bill to %I', p_role);
end $$;

-- Payments, their accounts and names in one statement.
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
  v_count integer := cardinality(p_invoices);
  v_payments bigint[];
  v_uuids uuid[];
  v_keys text[];
  v_labels text[];
  v_sources bigint[];
  v_credited bigint[];
  v_platform bigint[];
  v_opened bigint[];
  v_posted record;
begin
  select array_agg(w.id), array_agg(w.uuid), array_agg('pay_' || replace(w.uuid::text, '-', '')),
      array_agg('#' || w.id || ' succeeded'), array_agg(w.source), array_agg(w.credited),
      array_agg(w.platform)
    into v_payments, v_uuids, v_keys, v_labels, v_sources, v_credited, v_platform
  from (
    select nextval('wallets_payment_id_seq') as id, gen_random_uuid() as uuid,
      (
        select a.id from wallets_account a
        where a.owner = 'milestone:' || i.milestone and a.kind = 'held'
          and a.currency = i.currency::char(3)
      ) as source,
      (
        select a.id from wallets_account a
        where a.owner = 'user:' || i.seller and a.kind = i.kind and a.currency = i.currency::char(3)
      ) as credited,
      (
        select a.id from wallets_account a
        where a.owner = 'platform' and a.kind = 'fees' and a.currency = i.currency::char(3)
      ) as platform
    from unnest(p_milestones, p_sellers, p_credited, p_currencies)
      i(milestone, seller, kind, currency)
    offset 0
  ) w;
  insert into wallets_payment (
    id, uuid, purpose, provider, label, status, outcome, created_at, ended_at, invoice_id, payer_id,
    amount_minor, received_minor, currency, is_automatic, token, failure_code
  )
  select p.id, p.uuid, 'invoice', 'held', p_label, 'succeeded', 'exact', p_at, p_at, p.invoice,
    p.payer, p.total, p.total, p.currency, true, '', ''
  from unnest(v_payments, v_uuids, p_invoices, p_payers, p_totals, p_currencies)
    p(id, uuid, invoice, payer, total, currency);

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
    v_posted := wallets_settle('settle:' || p_keys[1], 'invoice', p_invoices[1], v_sources[1],
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
    v_keys, v_labels, array_fill('succeeded'::text, array[v_count]),
    array_fill('held'::text, array[v_count]),
    p_keys, p_numbers, p_subjects, p_currencies, p_sellers, p_totals, p_nets, p_fees, p_available_on,
    p_at, p_request, p_address);
  return exists (
    select from unnest(p_sellers) s(seller)
    join wallets_account a on a.owner = 'user:' || s.seller and a.kind = 'debt'
    join wallets_balance b on b.account_id = a.id
    where b.posted < 0
  );
end $$;

-- Both questions in one statement.
create or replace function wallets_entry_check() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set jit = off
as $$
declare
  v_unbalanced boolean;
  v_astray boolean;
begin
  select exists (
      select from added group by journal_id, currency having sum(amount) <> 0
    ), exists (
      select from added a
      left join wallets_balance b on b.account_id = a.account_id and b.shard = a.shard
      where b.currency is distinct from a.currency or a.seq > b.seq
        or a.seq = b.seq and (a.balance_after <> b.posted or a.hash <> b.head)
    ) into v_unbalanced, v_astray;
  if v_unbalanced then
    raise exception 'the legs of a journal do not sum to zero in each currency'
      using errcode = 'check_violation', constraint = 'wallets_journal_balanced', table = 'wallets_entry';
  end if;
  if v_astray then
    raise exception 'an entry does not follow the balance of its account'
      using errcode = 'check_violation', constraint = 'wallets_entry_follows_balance', table = 'wallets_entry';
  end if;
  return null;
end $$;
