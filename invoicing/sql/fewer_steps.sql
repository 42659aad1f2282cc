-- The same steps in fewer statements. Locking and reading are functions of their own, so that
-- another app can read beside the works, in one statement after the locks.
drop function invoicing_works(bigint[], text, integer);

create type invoicing_work as (
  project_id bigint, project_title varchar, fee_rate numeric, invoiced_minor bigint,
  fees_minor bigint, freelancer_id bigint, commissioner_id bigint, organisation_id bigint,
  invoicing_method varchar, clearing_days smallint, milestone_id bigint, milestone_key text,
  title varchar, status varchar, amount numeric, share_minor bigint, bonus_minor bigint,
  currency varchar, is_taken boolean,
  series_id bigint, prefix varchar, digits smallint, last_number integer,
  seller_copy jsonb, seller_facts text, buyer_copy jsonb, buyer_facts text
);

-- Lock the projects of these milestones, the milestones (of a project by the completion method, all
-- of them) and the series of those who sell what can be invoiced, each in primary-key order; the
-- milestones that are locked.
create function invoicing_lock_works(p_milestones bigint[], p_family text, p_year integer)
returns bigint[] language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off set jit = off
as $$
declare
  v_whole bigint[];
  v_milestones bigint[] := p_milestones;
begin
  -- No condition outside of the subselect: rows that it leaves out might not be locked.
  select array_agg(p.id) filter (where p.invoicing_method = 'completion') into v_whole
  from (
    select g.id, g.invoicing_method from gigs_project g
    where g.id = any (array(
      select m.project_id from gigs_milestone m where m.id = any (p_milestones)
    ))
    order by g.id for no key update
  ) p;
  if v_whole is not null then
    v_milestones := p_milestones || array(
      select m.id from gigs_milestone m where m.project_id = any (v_whole));
  end if;
  perform from gigs_milestone m where m.id = any (v_milestones) order by m.id for no key update;
  perform from invoicing_invoiceseries s
  where s.id = any (array(
    select n.id
    from gigs_milestone m
    join gigs_project p on p.id = m.project_id
    join invoicing_issuer i on i.user_id = p.freelancer_id
    join invoicing_invoiceseries n
      on n.issuer_id = i.id and n.family = p_family and n.year = p_year
    where m.id = any (v_milestones) and m.status in ('approved', 'settled') and (
      select true from invoicing_invoice o
      where o.milestone_id = m.id and o.kind in ('milestone', 'manual')
      limit 1
    ) is null
  ))
  order by s.id for no key update;
  return v_milestones;
end $$;

-- What invoices need to know of each of these milestones, by approval. A series that is not there
-- yet is null. Whether a milestone is on an invoice is asked by a subselect, for each milestone: as
-- exists it is an anti join or a hashed table, and a plan that was kept from when there were few
-- invoices reads all of them each time. A query of its caller's, with the caller's plan.
create function invoicing_read_works(p_milestones bigint[], p_family text, p_year integer)
returns setof invoicing_work language sql stable
as $$
  select p.id, p.title, p.fee_rate, p.invoiced_minor, p.fees_minor, p.freelancer_id,
    p.commissioner_id, p.organisation_id, p.invoicing_method, p.clearing_days, m.id,
    'mst_' || replace(m.uuid::text, '-', ''), m.title, m.status, m.amount, m.share_minor,
    m.bonus_minor, m.currency,
    (
      select true from invoicing_invoice o
      where o.milestone_id = m.id and o.kind in ('milestone', 'manual')
      limit 1
    ) is not null,
    s.id, s.prefix, s.digits, s.last_number,
    sells.copy, invoicing_tax_facts(sells.copy), buys.copy, invoicing_tax_facts(buys.copy)
  from gigs_milestone m
  join gigs_project p on p.id = m.project_id
  join accounts_user seller on seller.id = p.freelancer_id
  join accounts_user buyer on buyer.id = p.commissioner_id
  left join invoicing_issuer i on i.user_id = p.freelancer_id
  left join invoicing_invoiceseries s
    on s.issuer_id = i.id and s.family = p_family and s.year = p_year
  -- Offset: each copy is made once.
  cross join lateral (select accounts_seller_copy(seller) as copy offset 0) sells
  cross join lateral (
    select case when p.organisation_id is null then accounts_buyer_copy(buyer)
      else (select accounts_organisation_copy(o) from accounts_organisation o
            where o.id = p.organisation_id) end as copy
    offset 0
  ) buys
  where m.id = any (p_milestones)
  order by m.approved_at, m.id
$$;

create function invoicing_works(p_milestones bigint[], p_family text, p_year integer)
returns setof invoicing_work language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off set jit = off
as $$
declare
  v_milestones bigint[] := invoicing_lock_works(p_milestones, p_family, p_year);
begin
  return query select * from invoicing_read_works(v_milestones, p_family, p_year);
end $$;

-- Ids are given out in one statement, and categories and rates of lines read where they are written.
create or replace function invoicing_write(
  p_at timestamptz, p_on date, p_due_on date, p_request text, p_address inet, p_topics text[],
  p_uuids uuid[], p_kinds text[], p_abouts text[], p_projects bigint[], p_milestones bigint[],
  p_sellers bigint[], p_buyers bigint[], p_seller_copies jsonb, p_buyer_copies jsonb,
  p_series bigint[], p_positions integer[], p_numbers text[], p_currencies text[],
  p_subtotals numeric[], p_taxes numeric[], p_fees numeric[], p_fee_rates numeric[],
  p_paid boolean[], p_decisions jsonb, p_decided integer[],
  p_line_of integer[], p_line_positions smallint[], p_line_texts text[], p_line_quantities numeric[],
  p_line_units text[], p_line_prices numeric[], p_line_amounts numeric[],
  p_noted bigint[], p_invoiced bigint[], p_fees_so_far bigint[]
) returns table (id bigint, key text) language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off set jit = off
as $$
#variable_conflict use_column
declare
  v_ids bigint[];
  v_keys text[];
  v_uuids uuid[];
begin
  select array_agg(d.id), array_agg(d.uuid), array_agg('inv_' || replace(d.uuid::text, '-', ''))
    into v_ids, v_uuids, v_keys
  from (
    select nextval('invoicing_invoice_id_seq') as id, coalesce(u, gen_random_uuid()) as uuid
    from unnest(p_uuids) u offset 0
  ) d;
  insert into invoicing_invoice (
    id, uuid, series_id, position, number, kind, status, project_id, milestone_id, seller_id,
    buyer_id, seller_copy, buyer_copy, currency, subtotal, tax, total, fee, net, fee_rate, issued_at,
    issued_on, due_on, paid_at
  )
  select d.id, d.uuid, d.series, d.position, d.number, d.kind,
    case when d.paid then 'paid' else 'sent' end, d.project, d.milestone, d.seller, d.buyer,
    d.seller_copy, d.buyer_copy, d.currency, d.subtotal, d.tax, d.subtotal + d.tax, d.fee,
    d.subtotal + d.tax - d.fee, d.fee_rate, p_at, p_on, p_due_on,
    case when d.paid then p_at end
  from rows from (
    unnest(v_ids, v_uuids, p_series, p_positions, p_numbers, p_kinds, p_projects, p_milestones,
      p_sellers, p_buyers, p_currencies, p_subtotals, p_taxes, p_fees, p_fee_rates, p_paid),
    jsonb_array_elements(p_seller_copies), jsonb_array_elements(p_buyer_copies)
  ) d(id, uuid, series, position, number, kind, project, milestone, seller, buyer, currency,
    subtotal, tax, fee, fee_rate, paid, seller_copy, buyer_copy);

  insert into invoicing_invoiceline (
    uuid, invoice_id, position, description, quantity, unit, currency, unit_price, amount,
    tax_category, tax_rate
  )
  select gen_random_uuid(), v_ids[l.draft], l.position, l.text, l.quantity, l.unit,
    p_currencies[l.draft], l.price, l.amount,
    coalesce(p_decisions -> p_decided[l.draft] ->> 'category', ''),
    (p_decisions -> p_decided[l.draft] ->> 'rate')::numeric
  from unnest(p_line_of, p_line_positions, p_line_texts, p_line_quantities, p_line_units,
    p_line_prices, p_line_amounts) l(draft, position, text, quantity, unit, price, amount);

  if jsonb_array_length(p_decisions) > 0 then
    insert into invoicing_invoicetax (
      invoice_id, category, rate, name, currency, basis, amount, legend, vatex_code, rule
    )
    select d.id, r.category, r.rate, r.name, d.currency, d.subtotal, d.tax, r.legend, r.vatex, r.rule
    from unnest(v_ids, p_currencies, p_subtotals, p_taxes, p_decided)
      d(id, currency, subtotal, tax, decision)
    cross join lateral jsonb_to_record(p_decisions -> d.decision)
      r(category text, rate numeric, name text, legend text, vatex text, rule text)
    where d.decision is not null;
  end if;

  insert into accounts_auditevent (at, event, actor, actor_name, target, target_label, before, after,
    request_id, remote_address)
  select p_at, 'invoice.issued', '', 'system', d.key,
    '#' || d.id || ' ' || d.number, '{}',
    jsonb_build_object('status', 'sent', 'number', d.number, 'kind', d.kind, 'about', d.about,
      'total', (d.subtotal + d.tax)::text, 'tax', d.tax::text, 'fee', d.fee::text,
      'currency', d.currency),
    p_request, p_address
  from unnest(v_ids, v_keys, p_numbers, p_kinds, p_abouts, p_subtotals, p_taxes, p_fees,
    p_currencies) d(id, key, number, kind, about, subtotal, tax, fee, currency);

  insert into outbox_job (uuid, topic, key, payload, request_id, created_at, due_at, attempts,
    last_error, outcome, outcome_note)
  select gen_random_uuid(), t.topic, d.key,
    jsonb_build_object('invoice', d.id), p_request, statement_timestamp(), statement_timestamp(), 0,
    '', '', ''
  from unnest(v_ids, v_keys) d(id, key) cross join unnest(p_topics) t(topic);

  perform invoicing_advance(p_series, p_positions);
  perform gigs_note_invoiced(p_noted, p_invoiced, p_fees_so_far);
  return query select * from unnest(v_ids, v_keys);
end $$;
