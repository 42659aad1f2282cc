-- An invoice is about what it says: the price and the bonus of its milestone; by the completion method
-- the upfront part, the share and the bonus of one milestone, or those of all without an invoice of
-- their own. It is in the currency and between the parties of its project, at its rate.
with said as (
  select i.number, i.kind, i.currency, i.subtotal, i.project_id, i.seller_id, i.buyer_id, i.fee_rate,
    w.scale, m.project_id as about_project,
    case when m.share_minor is null then m.amount * w.scale else m.share_minor end + m.bonus_minor
      as due,
    (i.kind = 'milestone') = (m.share_minor is null) as is_of_method
  from invoicing_invoice i
  join gigs_milestone m on m.id = i.milestone_id
  join (select code, 10::numeric ^ exponent as scale from wallets_currency) w on w.code = m.currency
  where i.kind in ('milestone', 'manual')
  union all
  select i.number, i.kind, i.currency, i.subtotal, i.project_id, i.seller_id, i.buyer_id, i.fee_rate,
    w.scale, p.id,
    case i.kind
      when 'upfront' then round(p.upfront_rate * p.budget * w.scale)
      else (
        select sum(m.share_minor + m.bonus_minor)
        from gigs_milestone m
        where m.project_id = p.id and not exists (
          select from invoicing_invoice o where o.milestone_id = m.id and o.kind = 'manual'
        )
      )
    end,
    p.invoicing_method = 'completion'
  from invoicing_invoice i
  join gigs_project p on p.id = i.project_id
  join (select code, 10::numeric ^ exponent as scale from wallets_currency) w on w.code = p.currency
  where i.kind in ('upfront', 'final')
)
select 'invoice ' || i.number as subject,
       i.kind || ' about ' || i.subtotal || ' ' || i.currency || ' where '
         || coalesce(i.due, 0) || ' minor units of ' || p.currency || ' are due' as difference
from said i
join gigs_project p on p.id = i.about_project
where i.subtotal * i.scale is distinct from i.due
   or not i.is_of_method
   or i.currency <> p.currency or i.project_id <> p.id
   or i.seller_id <> p.freelancer_id or i.buyer_id <> p.commissioner_id
   or i.fee_rate <> p.fee_rate
