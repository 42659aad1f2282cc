-- The limit: a settlement by hand, in a schema of its own, that writes the rows which ours writes.
-- Same columns, primary and unique keys; no foreign keys, no checks, no triggers, no other index.
drop schema if exists raw cascade;
create schema raw;

do $$
declare
  v_name text;
  v_index record;
begin
  foreach v_name in array array[
    'gigs_project', 'gigs_milestone', 'invoicing_invoiceseries', 'invoicing_invoice',
    'invoicing_invoiceline', 'wallets_payment', 'wallets_journal', 'wallets_entry',
    'wallets_balance', 'accounts_auditevent', 'outbox_job'
  ] loop
    execute format(
      'create table raw.%1$I (like public.%1$I including defaults including identity including indexes)',
      v_name);
    for v_index in
      select indexrelid::regclass as name from pg_index
      where indrelid = format('raw.%I', v_name)::regclass and not indisunique
    loop
      execute format('drop index %s', v_index.name);
    end loop;
  end loop;
end $$;
alter table raw.wallets_balance set (fillfactor = 50);
alter table raw.gigs_milestone set (fillfactor = 80);
alter table raw.gigs_project set (fillfactor = 50);
alter table raw.invoicing_invoiceseries set (fillfactor = 50);

insert into raw.gigs_project
  select * from public.gigs_project p where exists (
    select from public.gigs_milestone m where m.project_id = p.id and m.id > :first and m.id <= :last);
insert into raw.gigs_milestone
  select * from public.gigs_milestone where id > :first and id <= :last;
insert into raw.invoicing_invoiceseries overriding system value
  select s.* from public.invoicing_invoiceseries s
  join public.invoicing_issuer i on i.id = s.issuer_id
  where i.user_id in (select freelancer_id from raw.gigs_project);
insert into raw.wallets_balance
  select b.* from public.wallets_balance b join public.wallets_account a on a.id = b.account_id
  where a.kind = 'fees'
    or a.owner in (select 'milestone:' || id from raw.gigs_milestone)
    or a.kind = 'available' and a.owner in (select 'user:' || freelancer_id from raw.gigs_project);
alter table raw.wallets_balance alter held set default 0;
-- What a settlement looks up, on one row a project and a milestone: a schema made for this alone.
create table raw.party as
  select p.id as project_id, s.id as series_id, i.code, a.id as available_id,
    seller.email as seller_email, seller.name as seller_name,
    'usr_' || replace(seller.uuid::text, '-', '') as seller_key,
    buyer.email as buyer_email, buyer.name as buyer_name,
    'usr_' || replace(buyer.uuid::text, '-', '') as buyer_key,
    jsonb_build_object('id', seller.uuid, 'city', seller.city, 'iban', seller.invoice_iban,
      'kind', 'business', 'name', seller.name, 'region', seller.region, 'street', seller.street,
      'vat_id', seller.vat_id, 'country', seller.country, 'postcode', seller.postcode,
      'legal_name', seller.legal_name, 'email', seller.email, 'tax_number', seller.tax_number,
      'tax_status', seller.tax_status, 'register_number', seller.register_number) as seller_copy,
    jsonb_build_object('id', buyer.uuid, 'city', buyer.city, 'iban', '',
      'kind', buyer.buyer_kind, 'name', buyer.name, 'region', buyer.region, 'street', buyer.street,
      'vat_id', buyer.vat_id, 'country', buyer.country, 'postcode', buyer.postcode,
      'legal_name', buyer.legal_name, 'email', buyer.email, 'tax_number', buyer.tax_number,
      'tax_status', buyer.tax_status, 'register_number', buyer.register_number) as buyer_copy
  from raw.gigs_project p
  join public.invoicing_issuer i on i.user_id = p.freelancer_id
  join public.invoicing_invoiceseries s on s.issuer_id = i.id
  join public.accounts_user seller on seller.id = p.freelancer_id
  join public.accounts_user buyer on buyer.id = p.commissioner_id
  join public.wallets_account a
    on a.owner = 'user:' || p.freelancer_id and a.kind = 'available' and a.currency = 'USD';
alter table raw.party add primary key (project_id);
create table raw.held as
  select m.id as milestone_id, a.id as held_id from raw.gigs_milestone m
  join public.wallets_account a on a.owner = 'milestone:' || m.id and a.kind = 'held';
alter table raw.held add primary key (milestone_id);
create table raw.hot as select id as fees_id from public.wallets_account where kind = 'fees';
create sequence raw.turn minvalue :first start :first;
vacuum analyze;

create function raw.link(p_head bytea, p_journal bigint, p_account bigint, p_seq bigint, p_amount bigint,
  p_balance bigint, p_key text, p_at timestamptz) returns bytea language sql immutable parallel safe
return sha256(p_head || int8send(p_journal) || int8send(p_account) || int8send(p_seq)
  || int8send(p_amount) || int8send(p_balance) || p_key::bytea || timestamptz_send(p_at));

-- One settlement in one round trip. `p_hot`: the fees go to 64 shards, or to one row of all.
create function raw.settle(p_id bigint, p_chain boolean default true, p_shards int default 64)
returns bigint language plpgsql set search_path = raw, pg_catalog, public as $$
declare
  v_shard smallint := 1 + pg_backend_pid() % p_shards;
  v_at timestamptz;
  m raw.gigs_milestone;
  p raw.gigs_project;
  y raw.party;
  v_held bigint;
  v_fees bigint;
  v_no int;
  v_gross bigint;
  v_fee bigint;
  v_invoice bigint;
  v_payment bigint;
  v_uuid uuid := gen_random_uuid();
  v_pay_uuid uuid := gen_random_uuid();
  v_public text := 'inv_' || replace(v_uuid::text, '-', '');
  v_key text := 'settle:' || v_public;
  v_number text;
  v_journal bigint;
  h wallets_balance;
  w wallets_balance;
  f wallets_balance;
begin
  select * into m from gigs_milestone where id = p_id;
  select * into p from gigs_project where id = m.project_id for no key update;
  select * into m from gigs_milestone where id = p_id for no key update;
  if m.status <> 'approved' then return null; end if;
  select * into y from party where project_id = p.id;
  select held_id into v_held from held where milestone_id = p_id;
  select fees_id into v_fees from hot;
  v_gross := (m.amount * 100)::bigint;
  v_fee := round(p.fee_rate * (p.invoiced_minor + v_gross)) - p.fees_minor;
  v_at := clock_timestamp();
  update gigs_project set invoiced_minor = invoiced_minor + v_gross, fees_minor = fees_minor + v_fee
    where id = p.id;
  update gigs_milestone set status = 'settled', settled_at = v_at where id = p_id;
  update invoicing_invoiceseries set last_number = last_number + 1
    where id = y.series_id returning last_number into v_no;
  v_number := y.code || '-2026-' || lpad(v_no::text, 5, '0');
  insert into invoicing_invoice (uuid, position, number, kind, status, seller_copy, buyer_copy,
      currency, subtotal, tax, total, fee, net, fee_rate, issued_at, issued_on, due_on, paid_at,
      buyer_id, milestone_id, project_id, seller_id, series_id)
    values (v_uuid, v_no, v_number, 'milestone', 'paid', y.seller_copy, y.buyer_copy,
      m.currency, m.amount, 0, m.amount, v_fee / 100.0, m.amount - v_fee / 100.0, p.fee_rate, v_at,
      v_at::date, v_at::date + 7, v_at, p.commissioner_id, p_id, p.id, p.freelancer_id, y.series_id)
    returning id into v_invoice;
  insert into invoicing_invoiceline (uuid, position, description, quantity, currency, unit_price,
      amount, invoice_id, tax_category, unit)
    values (gen_random_uuid(), 1, p.title || ': ' || m.title, 1, m.currency, m.amount, m.amount,
      v_invoice, '', 'LS');
  insert into wallets_payment (uuid, provider, token, label, amount_minor, currency, is_automatic,
      status, failure_code, created_at, ended_at, invoice_id, payer_id, outcome, purpose, received_minor)
    values (v_pay_uuid, 'held', '', 'Held funds', v_gross, m.currency, true, 'succeeded', '', v_at,
      v_at, v_invoice, p.commissioner_id, 'exact', 'invoice', v_gross)
    returning id into v_payment;
  insert into wallets_journal (about_id, posted_at, kind, about_type, key)
    values (v_invoice, v_at, 'settlement', 'invoice', v_key) returning id into v_journal;
  update wallets_balance set posted = posted - v_gross, seq = seq + 1, head = case when p_chain
      then link(head, v_journal, v_held, seq + 1, -v_gross, posted - v_gross, v_key, v_at) else head end
    where account_id = v_held and shard = 0 returning * into h;
  update wallets_balance set posted = posted + v_gross - v_fee, seq = seq + 1,
      lifetime = lifetime + v_gross - v_fee, head = case when p_chain
      then link(head, v_journal, y.available_id, seq + 1, v_gross - v_fee, posted + v_gross - v_fee,
        v_key, v_at) else head end
    where account_id = y.available_id and shard = 0 returning * into w;
  insert into accounts_auditevent (at, event, actor, actor_name, target, target_label, before, after,
      journal_key, request_id) values
    (v_at, 'invoice.issued', '', 'system', v_public, '#' || v_invoice || ' ' || v_number, '{}',
      jsonb_build_object('fee', v_fee, 'tax', 0, 'total', v_gross, 'number', v_number, 'status', 'sent',
        'currency', m.currency, 'milestone', m.uuid), null, ''),
    (v_at, 'invoice.paid', '', 'system', v_public, '#' || v_invoice || ' ' || v_number,
      '{"status": "sent"}', '{"status": "paid"}', null, ''),
    (v_at, 'milestone.settled', '', 'system', 'mst_' || replace(m.uuid::text, '-', ''),
      '#' || p_id || ' ' || m.title, '{"status": "approved"}', '{"status": "settled"}', null, ''),
    (v_at, 'payment.settled', '', 'system', 'pay_' || replace(v_pay_uuid::text, '-', ''),
      '#' || v_payment || ' succeeded', '{"status": "processing"}',
      jsonb_build_object('fee', v_fee, 'net', v_gross - v_fee, 'total', v_gross, 'source', 'held',
        'status', 'succeeded', 'invoice', v_number, 'currency', m.currency), v_key, '');
  insert into outbox_job (uuid, topic, key, payload, request_id, created_at, due_at, attempts,
      last_error, outcome, outcome_note) values
    (gen_random_uuid(), 'invoice.document', v_public, jsonb_build_object('invoice', v_invoice), '',
      v_at, v_at, 0, '', '', ''),
    (gen_random_uuid(), 'mail.send', 'invoice_paid:' || v_public || ':' || y.seller_key,
      jsonb_build_object('to', y.seller_email, 'template', 'invoice_paid', 'context',
        jsonb_build_object('name', y.seller_name, 'number', v_number, 'milestone', m.title,
          'total', v_gross, 'fee', v_fee, 'net', v_gross - v_fee, 'path', 'wallet')), '',
      v_at, v_at, 0, '', '', '');
  if p_shards > 0 then
    update wallets_balance set posted = posted + v_fee, seq = seq + 1, head = case when p_chain
        then link(head, v_journal, v_fees, seq + 1, v_fee, posted + v_fee, v_key, v_at) else head end
      where account_id = v_fees and shard = v_shard returning * into f;
  end if;
  insert into wallets_entry
      (journal_id, leg, account_id, shard, seq, amount, currency, balance_after, hash) values
    (v_journal, 1, v_held, 0, h.seq, -v_gross, m.currency, h.posted, h.head),
    (v_journal, 2, y.available_id, 0, w.seq, v_gross - v_fee, m.currency, w.posted, w.head),
    (v_journal, 3, v_fees, v_shard, f.seq, v_fee, m.currency, f.posted, f.head);
  return v_journal;
end $$;

create function raw.step(p_state bytea, p_head bytea, p_journal bigint, p_account bigint, p_seq bigint,
  p_amount bigint, p_balance bigint, p_key text, p_at timestamptz) returns bytea
language sql immutable parallel safe
return raw.link(coalesce(p_state, p_head), p_journal, p_account, p_seq, p_amount, p_balance, p_key, p_at);
create aggregate raw.chained(bytea, bigint, bigint, bigint, bigint, bigint, text, timestamptz) (
  sfunc = raw.step, stype = bytea);

-- Many settlements in one transaction, set by set, in the same order of locks.
create function raw.settle_batch(p_ids bigint[], p_chain boolean default true) returns int
language plpgsql set search_path = raw, pg_catalog, public
set plan_cache_mode = force_custom_plan set enable_seqscan = off set jit = off as $$
declare
  v_shard smallint := 1 + pg_backend_pid() % 64;
  v_fees bigint := (select fees_id from hot);
  v_at timestamptz;
  v_count int;
begin
  perform from gigs_project where id in (
    select project_id from gigs_milestone where id = any (p_ids)) order by id for no key update;
  perform from gigs_milestone where id = any (p_ids) order by id for no key update;
  perform from invoicing_invoiceseries where id in (
    select y.series_id from gigs_milestone m join party y using (project_id) where m.id = any (p_ids))
    order by id for no key update;
  perform from wallets_balance where (account_id = any (
      array(select held_id from held where milestone_id = any (p_ids)) || array(
      select y.available_id from gigs_milestone m join party y using (project_id) where m.id = any (p_ids)))
    and shard = 0) or (account_id = v_fees and shard = v_shard)
    order by shard > 0, account_id for no key update;
  v_at := clock_timestamp();
  with work as materialized (
    select m.id, m.uuid, m.title, m.currency, m.amount, (m.amount * 100)::bigint as gross,
      p.id as project_id, p.title as project, p.fee_rate, p.invoiced_minor, p.fees_minor,
      p.commissioner_id, p.freelancer_id, y.*, h.held_id,
      s.last_number + row_number() over in_series as position,
      p.invoiced_minor + sum((m.amount * 100)::bigint) over in_project as invoiced
    from gigs_milestone m
    join gigs_project p on p.id = m.project_id
    join (select project_id as of_project, series_id, code, available_id, seller_email, seller_name,
      seller_key, buyer_email, buyer_name, buyer_key, seller_copy, buyer_copy from party) y
      on y.of_project = p.id
    join held h on h.milestone_id = m.id
    join invoicing_invoiceseries s on s.id = y.series_id
    where m.id = any (p_ids) and m.status = 'approved'
    window in_series as (partition by s.id order by m.approved_at, m.id),
      in_project as (partition by p.id order by m.approved_at, m.id)
  ), priced as materialized (
    select w.*, (round(fee_rate * invoiced)
        - coalesce(lag(round(fee_rate * invoiced)) over (partition by project_id order by invoiced),
          fees_minor))::bigint as fee,
      code || '-2026-' || lpad(position::text, 5, '0') as number,
      nextval('raw.invoicing_invoice_id_seq') as invoice_id, gen_random_uuid() as invoice_uuid,
      nextval('raw.wallets_payment_id_seq') as payment_id, gen_random_uuid() as payment_uuid,
      nextval('raw.wallets_journal_id_seq') as journal_id
    from work w
  ), row as materialized (
    select *, 'inv_' || replace(invoice_uuid::text, '-', '') as public,
      'settle:inv_' || replace(invoice_uuid::text, '-', '') as key, gross - fee as net
    from priced
  ), project as (
    update gigs_project p set invoiced_minor = t.invoiced, fees_minor = p.fees_minor + t.fee
    from (select project_id, max(invoiced) as invoiced, sum(fee) as fee from row group by 1) t
    where p.id = any (array[t.project_id])
  ), milestone as (
    update gigs_milestone m set status = 'settled', settled_at = v_at
    from row where m.id = any (array[row.id])
  ), series as (
    update invoicing_invoiceseries s set last_number = t.position
    from (select series_id, max(position) as position from row group by 1) t
    where s.id = any (array[t.series_id])
  ), invoice as (
    insert into invoicing_invoice (id, uuid, position, number, kind, status, seller_copy, buyer_copy,
      currency, subtotal, tax, total, fee, net, fee_rate, issued_at, issued_on, due_on, paid_at,
      buyer_id, milestone_id, project_id, seller_id, series_id)
    select invoice_id, invoice_uuid, position, number, 'milestone', 'paid', seller_copy, buyer_copy,
      currency, amount, 0, amount, fee / 100.0, amount - fee / 100.0, fee_rate, v_at, v_at::date,
      v_at::date + 7, v_at, commissioner_id, id, project_id, freelancer_id, series_id from row
  ), line as (
    insert into invoicing_invoiceline (uuid, position, description, quantity, currency, unit_price,
      amount, invoice_id, tax_category, unit)
    select gen_random_uuid(), 1, project || ': ' || title, 1, currency, amount, amount, invoice_id,
      '', 'LS' from row
  ), payment as (
    insert into wallets_payment (id, uuid, provider, token, label, amount_minor, currency,
      is_automatic, status, failure_code, created_at, ended_at, invoice_id, payer_id, outcome, purpose,
      received_minor)
    select payment_id, payment_uuid, 'held', '', 'Held funds', gross, currency, true, 'succeeded', '',
      v_at, v_at, invoice_id, commissioner_id, 'exact', 'invoice', gross from row
  ), journal as (
    insert into wallets_journal (id, about_id, posted_at, kind, about_type, key)
      overriding system value
    select journal_id, invoice_id, v_at, 'settlement', 'invoice', key from row
  ), audited as (
    insert into accounts_auditevent (at, event, actor, actor_name, target, target_label, before,
      after, journal_key, request_id)
    select v_at, event, '', 'system', target, label, before, after, journal_key, ''
    from row cross join lateral (values
      ('invoice.issued', public, '#' || invoice_id || ' ' || number, '{}'::jsonb,
        jsonb_build_object('fee', fee, 'tax', 0, 'total', gross, 'number', number, 'status', 'sent',
          'currency', currency, 'milestone', uuid), null),
      ('invoice.paid', public, '#' || invoice_id || ' ' || number, '{"status": "sent"}',
        '{"status": "paid"}', null),
      ('milestone.settled', 'mst_' || replace(uuid::text, '-', ''), '#' || id || ' ' || title,
        '{"status": "approved"}', '{"status": "settled"}', null),
      ('payment.settled', 'pay_' || replace(payment_uuid::text, '-', ''),
        '#' || payment_id || ' succeeded', '{"status": "processing"}',
        jsonb_build_object('fee', fee, 'net', net, 'total', gross, 'source', 'held', 'status',
          'succeeded', 'invoice', number, 'currency', currency), key)
    ) e(event, target, label, before, after, journal_key)
  ), asked as (
    insert into outbox_job (uuid, topic, key, payload, request_id, created_at, due_at, attempts,
      last_error, outcome, outcome_note)
    select gen_random_uuid(), topic, e.key, payload, '', v_at, v_at, 0, '', '', ''
    from row cross join lateral (values
      ('invoice.document', public, jsonb_build_object('invoice', invoice_id)),
      ('mail.send', 'invoice_paid:' || public || ':' || seller_key,
        jsonb_build_object('to', seller_email, 'template', 'invoice_paid', 'context',
          jsonb_build_object('name', seller_name, 'number', number, 'milestone', title,
            'total', gross, 'fee', fee, 'net', net, 'path', 'wallet')))
    ) e(topic, key, payload)
  ), leg as (
    select journal_id, key, currency, l.* from row cross join lateral (values
      (1::smallint, held_id, 0::smallint, -gross, 0::bigint),
      (2::smallint, available_id, 0::smallint, net, net),
      (3::smallint, v_fees, v_shard, fee, 0::bigint)) l(leg, account, shard, amount, earned)
    where l.amount <> 0
  ), placed as materialized (
    select l.*, b.head, b.seq + row_number() over chain as seq,
      (b.posted + sum(l.amount) over chain)::bigint as balance_after,
      (sum(l.earned) over chain)::bigint as lifetime,
      lead(l.journal_id) over chain is null as is_last
    from leg l join wallets_balance b
      on b.account_id = any (array[l.account]) and b.shard = any (array[l.shard])
    window chain as (partition by l.account order by l.journal_id, l.leg rows unbounded preceding)
  ), hashed as materialized (
    select p.*, case when p_chain then raw.chained(head, journal_id, account, seq, amount,
        balance_after, key, v_at) over (partition by account order by seq rows unbounded preceding)
      else head end as hash
    from placed p
  ), moved as (
    update wallets_balance b set posted = h.balance_after, seq = h.seq, head = h.hash,
      lifetime = b.lifetime + h.lifetime
    from hashed h
    where h.is_last and b.account_id = any (array[h.account]) and b.shard = any (array[h.shard])
  ), entry as (
    insert into wallets_entry
      (journal_id, leg, account_id, shard, seq, amount, currency, balance_after, hash)
    select journal_id, leg, account, shard, seq, amount, currency, balance_after, hash from hashed
  )
  select count(*) into v_count from row;
  return v_count;
end $$;

-- Both on the product's own tables: foreign keys, checks, guards and all indexes. Their hashes are
-- raw.link's, so that the proof of such books would fail.
do $$
declare
  v_name text;
begin
  foreach v_name in array array['settle', 'settle_batch'] loop
    execute replace(
      replace(pg_get_functiondef(format('raw.%I', v_name)::regproc),
        format('FUNCTION raw.%I(', v_name), format('FUNCTION raw.%I(', v_name || '_bound')),
      'nextval(''raw.', 'nextval(''public.');
    execute format('alter function raw.%I set search_path = public, raw, pg_catalog', v_name || '_bound');
  end loop;
end $$;
