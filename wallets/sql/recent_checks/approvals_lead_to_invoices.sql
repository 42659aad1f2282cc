-- A milestone that was approved more than 60 seconds ago has its invoice.
select 'milestone mst_' || replace(m.uuid::text, '-', '') as subject,
       'approved at ' || m.approved_at || ' without invoice' as difference
from gigs_milestone m
left join invoicing_invoice i on i.milestone_id = m.id and i.kind = 'milestone'
where m.status = 'approved'
  and i.id is null
  and m.approved_at < now() - interval '60 seconds'
