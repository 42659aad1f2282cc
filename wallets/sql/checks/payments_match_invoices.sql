-- Each paid invoice has one payment that paid it, of its total; no other invoice has one.
select 'invoice ' || i.number as subject,
       i.status || ' with ' || count(p.id) || ' payments of ' || coalesce(sum(p.amount_minor), 0)
         as difference
from invoicing_invoice i
join wallets_currency w on w.code = i.currency
left join wallets_payment p
  on p.invoice_id = i.id and p.outcome in ('exact', 'over') and p.currency = i.currency
group by i.id, w.exponent
having case
  when i.status = 'paid'
    then count(p.id) <> 1 or sum(p.amount_minor) <> i.total * 10::numeric ^ w.exponent
  else count(p.id) > 0
end
