-- A milestone is settled exactly when the invoice that it is on is paid: its own, or the final one of
-- a project that is invoiced by the completion method.
select 'milestone mst_' || replace(m.uuid::text, '-', '') as subject,
       m.status || ' with an invoice that is ' || coalesce(own.status, final.status, 'missing')
         as difference
from gigs_milestone m
left join invoicing_invoice own
  on own.milestone_id = m.id and own.kind in ('milestone', 'manual')
left join invoicing_invoice final
  on final.project_id = m.project_id and final.kind = 'final' and m.share_minor is not null
where (m.status = 'settled') is distinct from (coalesce(own.status, final.status, '') = 'paid')
