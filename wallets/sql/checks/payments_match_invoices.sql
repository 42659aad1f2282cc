-- Each invoice that was paid has one payment that paid it, of its total after the credit notes before
-- it; no other invoice has one.
select 'invoice ' || i.number as subject,
       i.status || ' with ' || count(p.id) || ' payments of ' || coalesce(sum(p.amount_minor), 0)
         as difference
from invoicing_invoice i
join wallets_due d on d.id = i.id
left join wallets_payment p
  on p.invoice_id = i.id and p.outcome in ('exact', 'over') and p.currency = i.currency
group by i.id, d.total
having case
  when i.paid_at is not null and i.kind <> 'credit_note'
    then count(p.id) <> 1 or sum(p.amount_minor) <> d.total
  else count(p.id) > 0
end
