create or replace function invoicing_works(p_milestones bigint[], p_family text, p_year integer)
returns table (
  project_id bigint, project_title varchar, fee_rate numeric, invoiced_minor bigint,
  fees_minor bigint, freelancer_id bigint, commissioner_id bigint, organisation_id bigint,
  invoicing_method varchar, clearing_days smallint, milestone_id bigint, milestone_key text, title varchar, status varchar,
  amount numeric, share_minor bigint, bonus_minor bigint, currency varchar, is_taken boolean,
  series_id bigint, prefix varchar, digits smallint, last_number integer,
  seller_copy jsonb, seller_facts text, buyer_copy jsonb, buyer_facts text
) language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off set jit = off
as $$
#variable_conflict use_column
declare
  v_projects bigint[] := array(
    select m.project_id from gigs_milestone m where m.id = any (p_milestones));
  v_whole bigint[];
  v_milestones bigint[] := p_milestones;
begin
  perform from gigs_project p where p.id = any (v_projects) order by p.id for no key update;
  v_whole := array(
    select p.id from gigs_project p
    where p.id = any (v_projects) and p.invoicing_method = 'completion');
  if v_whole <> '{}' then
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
    where m.id = any (v_milestones) and m.status in ('approved', 'settled') and not exists (
      select from invoicing_invoice o
      where o.milestone_id = m.id and o.kind in ('milestone', 'manual')
    )
  ))
  order by s.id for no key update;
  return query
    select p.id, p.title, p.fee_rate, p.invoiced_minor, p.fees_minor, p.freelancer_id,
      p.commissioner_id, p.organisation_id, p.invoicing_method, p.clearing_days, m.id,
      'mst_' || replace(m.uuid::text, '-', ''), m.title, m.status, m.amount, m.share_minor,
      m.bonus_minor, m.currency,
      exists (
        select from invoicing_invoice o
        where o.milestone_id = m.id and o.kind in ('milestone', 'manual')
      ),
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
    where m.id = any (v_milestones)
    order by m.approved_at, m.id;
end $$;
