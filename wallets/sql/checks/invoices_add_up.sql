-- On each invoice subtotal and tax are the total, fee and net are the total, lines the subtotal.
select 'invoice ' || i.number as subject,
       i.subtotal || ' + ' || i.tax || ' = ' || i.total || '; ' || i.fee || ' + ' || i.net
         || '; lines ' || coalesce(l.amount, 0) as difference
from invoicing_invoice i
left join (
  select invoice_id, sum(amount) as amount from invoicing_invoiceline group by invoice_id
) l on l.invoice_id = i.id
where i.subtotal + i.tax <> i.total
   or i.fee + i.net <> i.total
   or l.amount is distinct from i.subtotal
