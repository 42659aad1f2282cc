-- An invoice is about the price of its milestone, in its currency, between its project's parties.
select 'invoice ' || i.number as subject,
       i.subtotal || ' ' || i.currency || ' for a milestone of ' || m.amount || ' ' || m.currency
         as difference
from invoicing_invoice i
join gigs_milestone m on m.id = i.milestone_id
join gigs_project p on p.id = m.project_id
where i.subtotal <> m.amount or i.currency <> m.currency or i.project_id <> m.project_id
   or i.seller_id <> p.freelancer_id or i.buyer_id <> p.commissioner_id
   or i.fee_rate <> p.fee_rate
