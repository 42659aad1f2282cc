-- A milestone is settled exactly when its invoice is paid.
select 'milestone mst_' || replace(m.uuid::text, '-', '') as subject,
       m.status || ' with an invoice that is ' || coalesce(i.status, 'missing') as difference
from gigs_milestone m
left join invoicing_invoice i on i.milestone_id = m.id and i.kind = 'milestone'
where (m.status = 'settled') is distinct from (coalesce(i.status, '') = 'paid')
