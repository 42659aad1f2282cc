-- A milestone is settled exactly when the invoice that it is on was paid: its own, or the final one of
-- a project that is invoiced by the completion method; or paid in part, its rest being open; or when all
-- of its own were credited. One that corrects a credited one may still wait.
select 'milestone mst_' || replace(m.uuid::text, '-', '') as subject,
       m.status || ' with invoices that are '
         || coalesce(own.statuses, final.statuses, 'missing') as difference
from gigs_milestone m
left join (
  select milestone_id, string_agg(status, ', ' order by id) as statuses,
    bool_or(paid_at is not null or part_paid > 0) or bool_and(status = 'credited') as is_settled
  from invoicing_invoice
  where kind in ('milestone', 'manual')
  group by milestone_id
) own on own.milestone_id = m.id
left join (
  select project_id, string_agg(status, ', ' order by id) as statuses,
    bool_or(paid_at is not null) as is_settled
  from invoicing_invoice
  where kind = 'final'
  group by project_id
) final on final.project_id = m.project_id and m.share_minor is not null
where (m.status = 'settled')
  is distinct from coalesce(own.is_settled, final.is_settled, false)
