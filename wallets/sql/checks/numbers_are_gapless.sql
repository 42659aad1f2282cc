-- The documents of a series are numbered from 1 to its counter without gap, say so in words, and
-- are of its family: credit notes in one of their own. The platform's are fee invoices.
with numbered as (
  select series_id, position, number, seller_id, kind = 'credit_note' as is_credit
  from invoicing_invoice
  union all
  select series_id, position, number, null, kind = 'fee_credit' from invoicing_feeinvoice
)
select 'series ' || s.id || ' ' || s.prefix as subject,
       s.last_number || ' given, ' || count(i.position) || ' invoices up to '
         || coalesce(max(i.position), 0) as difference
from invoicing_invoiceseries s
join invoicing_issuer o on o.id = s.issuer_id
left join numbered i on i.series_id = s.id
group by s.id
having count(i.position) <> s.last_number
    or coalesce(max(i.position), 0) <> s.last_number
    or bool_or(i.position is not null and i.seller_id is distinct from o.user_id)
    or bool_or(i.is_credit <> (s.family = 'credit_note'))
    or bool_or(i.number <> s.prefix || lpad(
         i.position::text, greatest(s.digits, length(i.position::text)), '0'))
