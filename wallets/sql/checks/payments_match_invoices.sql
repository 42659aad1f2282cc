-- Each invoice that was paid has one payment that paid it, of its total after the credit notes before
-- it; no other invoice has one.
select 'invoice ' || d.number as subject,
       d.status || ' with ' || coalesce(p.payments, 0) || ' payments of ' || coalesce(p.amount, 0)
         as difference
from wallets_every_due d
left join (
  select invoice_id, currency, count(*) as payments, sum(amount_minor) as amount
  from wallets_payment
  where outcome in ('exact', 'over')
  group by invoice_id, currency
) p on p.invoice_id = d.id and p.currency = d.currency
where case
  when d.paid_at is not null and d.kind <> 'credit_note'
    then p.payments is distinct from 1 or p.amount <> d.total
  else p.payments > 0
end
