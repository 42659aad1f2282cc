-- The documents of a series are numbered from 1 to its counter without gap, say so in words, and
-- are of its family: credit notes in one of their own.
select 'series ' || s.id || ' ' || o.code || mark.of || '-' || s.year as subject,
       s.last_number || ' given, ' || count(i.id) || ' invoices up to '
         || coalesce(max(i.position), 0) as difference
from invoicing_invoiceseries s
join invoicing_issuer o on o.id = s.issuer_id
cross join lateral (select case s.family when 'credit_note' then 'C' else '' end as of) mark
left join invoicing_invoice i on i.series_id = s.id
group by s.id, o.id, mark.of
having count(i.id) <> s.last_number
    or coalesce(max(i.position), 0) <> s.last_number
    or bool_or(i.seller_id <> o.user_id)
    or bool_or((i.kind = 'credit_note') <> (s.family = 'credit_note'))
    or bool_or(i.number <> o.code || mark.of || '-' || s.year || '-' || lpad(
         i.position::text, greatest(5, length(i.position::text)), '0'))
