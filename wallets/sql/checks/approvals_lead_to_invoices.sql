-- A milestone that was approved more than 60 seconds ago has its invoice; by the completion method the
-- final invoice of its project follows 60 seconds after the last approval.
select 'milestone mst_' || replace(m.uuid::text, '-', '') as subject,
       'approved at ' || m.approved_at || ' without invoice' as difference
from gigs_milestone m
where m.status in ('approved', 'settled')
  and m.share_minor is null
  and not exists (
    select from invoicing_invoice i where i.milestone_id = m.id and i.kind = 'milestone'
  )
  and m.approved_at < now() - interval '60 seconds'
union all
select 'project ' || p.id || ' ' || p.title,
       'all approved at ' || max(m.approved_at) || ' without final invoice'
from gigs_project p
join gigs_milestone m on m.project_id = p.id
left join invoicing_invoice i on i.project_id = p.id and i.kind = 'final'
where p.invoicing_method = 'completion' and i.id is null
group by p.id
having bool_and(m.status in ('approved', 'settled'))
   and max(m.approved_at) < now() - interval '60 seconds'
