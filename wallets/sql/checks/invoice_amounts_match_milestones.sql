-- A milestone's invoice is about its price and bonus, in its currency, between its project's parties.
select 'invoice ' || i.number as subject,
       i.subtotal || ' ' || i.currency || ' for a milestone of ' || m.amount || ' ' || m.currency
         || ' and a bonus of ' || m.bonus_minor as difference
from invoicing_invoice i
join gigs_milestone m on m.id = i.milestone_id
join gigs_project p on p.id = m.project_id
join wallets_currency w on w.code = m.currency
where i.kind = 'milestone' and (i.subtotal * 10::numeric ^ w.exponent <> m.amount * 10::numeric ^ w.exponent + m.bonus_minor
   or i.currency <> m.currency or i.project_id <> m.project_id
   or i.seller_id <> p.freelancer_id or i.buyer_id <> p.commissioner_id
   or i.fee_rate <> p.fee_rate)
