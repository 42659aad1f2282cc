-- A milestone that was approved more than 60 seconds ago has its invoice; by the completion method the
-- final invoice of its project follows 60 seconds after the last approval. Of the last 30 days, in
-- projects that are not over: projects_complete sees to it that none with such a milestone is.
select 'milestone mst_' || replace(m.uuid::text, '-', '') as subject,
       'approved at ' || m.approved_at || ' without invoice' as difference
from gigs_milestone m
join gigs_project p on p.id = m.project_id
where m.status = 'approved'
  and p.status <> 'completed'
  and m.share_minor is null
  and not exists (
    select from invoicing_invoice i where i.milestone_id = m.id and i.kind = 'milestone'
  )
  and m.approved_at < now() - interval '60 seconds'
  and m.approved_at > now() - interval '30 days'
union all
select 'milestone mst_' || replace(m.uuid::text, '-', ''),
       'the last approval of its project, at ' || m.approved_at || ', without final invoice'
from gigs_milestone m
join gigs_project p on p.id = m.project_id
where m.status = 'approved'
  and p.status <> 'completed'
  and m.share_minor is not null
  and m.approved_at < now() - interval '60 seconds'
  and m.approved_at > now() - interval '30 days'
  and not exists (
    select from invoicing_invoice i where i.project_id = m.project_id and i.kind = 'final'
  )
  and not exists (
    select from gigs_milestone other
    where other.project_id = m.project_id
      and (other.status not in ('approved', 'settled') or other.approved_at > m.approved_at)
  )
