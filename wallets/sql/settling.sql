-- Paying invoices from held funds, many at once: what follows from a settlement, and all of it
-- together in one call. Each array has one element for an invoice. Plans are pinned to index
-- look-ups: they are made once in a connection, perhaps while the tables are empty.

-- A batch joins its sets by hashes, also where its caller pins plans to index look-ups.
alter function wallets_settle_batch(
  text[], text, bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[]
) set enable_hashjoin = on;
alter function wallets_settle_batch(
  text[], text, bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[]
) set enable_mergejoin = on;

-- An amount of minor units as a plain number with its currency's decimals.
create function wallets_decimal(p_minor bigint, p_exponent smallint) returns text
language sql immutable parallel safe
as $$
  select (p_minor * case p_exponent when 0 then 1 when 1 then 0.1 when 2 then 0.01 else 0.001 end)::text
$$;

-- The audit rows of settled payments, and the mails that tell the sellers.
create function wallets_tell_settled(
  p_payments text[], p_labels text[], p_statuses text[], p_sources text[],
  p_invoices text[], p_numbers text[], p_subjects text[], p_currencies text[], p_sellers bigint[],
  p_totals bigint[], p_nets bigint[], p_fees bigint[], p_available_on date[],
  p_at timestamptz, p_request text, p_address inet
) returns void language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off set jit = off
as $$
begin
  insert into accounts_auditevent (at, event, actor, actor_name, target, target_label, before, after,
    journal_key, request_id, remote_address)
  select p_at, 'payment.settled', '', 'system', s.payment, left(s.label, 200),
    '{"status": "processing"}',
    jsonb_build_object('status', s.status, 'source', s.source, 'invoice', s.number,
      'total', s.total, 'fee', s.fee, 'net', s.net, 'currency', s.currency),
    'settle:' || s.invoice, p_request, p_address
  from unnest(p_payments, p_labels, p_statuses, p_sources, p_invoices, p_numbers, p_currencies,
    p_totals, p_nets, p_fees)
    s(payment, label, status, source, invoice, number, currency, total, net, fee);

  insert into outbox_job (uuid, topic, key, payload, request_id, created_at, due_at, attempts,
    last_error, outcome, outcome_note)
  select gen_random_uuid(), 'mail.send',
    'invoice_paid:' || s.invoice || ':usr_' || replace(u.uuid::text, '-', ''),
    jsonb_build_object('template', 'invoice_paid', 'to', u.email, 'context',
      jsonb_build_object(
        'name', u.name, 'number', s.number, 'milestone', s.subject,
        'total', jsonb_build_object('money',
          jsonb_build_array(wallets_decimal(s.total, c.exponent), s.currency)),
        'fee', jsonb_build_object('money',
          jsonb_build_array(wallets_decimal(s.fee, c.exponent), s.currency)),
        'net', jsonb_build_object('money',
          jsonb_build_array(wallets_decimal(s.net, c.exponent), s.currency)),
        'path', '{"page": ["wallets:wallet"]}'::jsonb)
      || case when s.available_on is null then '{}'::jsonb
         else jsonb_build_object('available_on', jsonb_build_object('date', s.available_on)) end),
    p_request, statement_timestamp(), statement_timestamp(), 0, '', '', ''
  from unnest(p_invoices, p_numbers, p_subjects, p_currencies, p_sellers, p_totals, p_nets, p_fees,
    p_available_on)
    s(invoice, number, subject, currency, seller, total, net, fee, available_on)
  join accounts_user u on u.id = s.seller
  join wallets_currency c on c.code = s.currency::char(3);
end $$;

-- Pay invoices that cost what is held for their milestones: payments, journals, invoices, milestones,
-- projects, audit rows, jobs. The callers hold the locks of projects, milestones and invoices.
-- Whether one of the sellers owes something.
create function wallets_pay_held(
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
