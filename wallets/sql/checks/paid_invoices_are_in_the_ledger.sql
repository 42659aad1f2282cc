-- Each invoice that was paid has one settlement journal with exactly its total, net and fee after
-- the credit notes before it; no other has. The key of each is settlements_have_invoices' business.
select 'invoice ' || i.number as subject,
       i.status || '; ledger took ' || coalesce(x.taken, 0) || ', credited '
         || coalesce(x.credited, 0) || ' to user ' || case
           when x.earning_user_id is not null then x.earning_user_id::text
           when x.earning_legs > 0 then 'several' else 'nobody' end || ', fee '
         || coalesce(x.fee, 0) as difference
from wallets_posted_and_due x
cross join lateral (
  select number, status from invoicing_invoice where id = x.invoice_id offset 0
) i
where case
  when x.is_paid then
    coalesce(x.taken, 0) <> x.due_total
    or coalesce(x.credited, 0) <> x.due_net
    or coalesce(x.fee, 0) <> x.due_fee
    or x.earning_legs > 0 and x.earning_user_id is distinct from x.seller_id
    or x.journal_id is not null and x.currency is distinct from x.due_currency
  else x.invoice_id is not null and x.journal_id is not null
end
