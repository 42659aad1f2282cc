-- An invoice is about what it says: the price and the bonus of its milestone; by the completion method
-- the upfront part, the share and the bonus of one milestone, or those of all without an invoice of
-- their own. It is in the currency and between the parties of its project, at its rate.
with own as (
  select i.id, m.project_id, w.exponent,
    case when m.share_minor is null then m.amount * 10::numeric ^ w.exponent else m.share_minor end
      + m.bonus_minor as due,
    (i.kind = 'milestone') = (m.share_minor is null) as is_of_method
  from invoicing_invoice i
  join gigs_milestone m on m.id = i.milestone_id
  join wallets_currency w on w.code = m.currency
  where i.kind in ('milestone', 'manual')
), whole as (
  select i.id, p.id as project_id, w.exponent,
    case i.kind
      when 'upfront' then round(p.upfront_rate * p.budget * 10::numeric ^ w.exponent)
      else (
        select sum(m.share_minor + m.bonus_minor)
        from gigs_milestone m
        where m.project_id = p.id and not exists (
          select from invoicing_invoice o where o.milestone_id = m.id and o.kind = 'manual'
        )
      )
    end as due,
    p.invoicing_method = 'completion' as is_of_method
  from invoicing_invoice i
  join gigs_project p on p.id = i.project_id
  join wallets_currency w on w.code = p.currency
  where i.kind in ('upfront', 'final')
)
select 'invoice ' || i.number as subject,
       i.kind || ' about ' || i.subtotal || ' ' || i.currency || ' where '
         || coalesce(d.due, 0) || ' minor units of ' || p.currency || ' are due' as difference
from (select * from own union all select * from whole) d
join invoicing_invoice i on i.id = d.id
join gigs_project p on p.id = d.project_id
where i.subtotal * 10::numeric ^ d.exponent is distinct from d.due
   or not d.is_of_method
   or i.currency <> p.currency or i.project_id <> p.id
   or i.seller_id <> p.freelancer_id or i.buyer_id <> p.commissioner_id
   or i.fee_rate <> p.fee_rate
