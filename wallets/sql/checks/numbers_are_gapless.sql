-- The invoices of a series are numbered from 1 to its counter without gap, and say so in words.
select 'series ' || s.id || ' ' || o.code || '-' || s.year as subject,
       s.last_number || ' given, ' || count(i.id) || ' invoices up to '
         || coalesce(max(i.position), 0) as difference
from invoicing_invoiceseries s
join invoicing_issuer o on o.id = s.issuer_id
left join invoicing_invoice i on i.series_id = s.id
group by s.id, o.id
having count(i.id) <> s.last_number
    or coalesce(max(i.position), 0) <> s.last_number
    or bool_or(i.seller_id <> o.user_id)
    or bool_or(i.number <> o.code || '-' || s.year || '-' || lpad(
         i.position::text, greatest(5, length(i.position::text)), '0'))
