-- Each invoice that was paid has one payment that paid it, of its total after the credit notes before
-- it; no other invoice has one.
select 'invoice ' || i.number as subject,
       i.status || ' with ' || coalesce(p.payments, 0) || ' payments of ' || coalesce(p.amount, 0)
         as difference
from wallets_posted_and_due d
left join (
  select invoice_id, currency, count(*) as payments, sum(amount_minor) as amount
  from wallets_payment
  where outcome in ('exact', 'over')
  group by invoice_id, currency
) p on p.invoice_id = d.invoice_id and p.currency = d.due_currency
cross join lateral (
  select number, status from invoicing_invoice where id = d.invoice_id offset 0
) i
where case
  when d.is_paid then p.payments is distinct from 1 or p.amount <> d.due_total
  else p.payments > 0
end
