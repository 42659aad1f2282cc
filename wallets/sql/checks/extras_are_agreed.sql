-- What a project has agreed for extra work is on record, and its invoices by hand that name no milestone
-- are about that much of it as it says, never more; those that were credited in full do not count.
select 'project ' || p.id || ' ' || p.title as subject,
       p.extra_minor || ' for extra work (on record ' || coalesce(e.amount, 0) || '), invoiced '
         || p.extra_invoiced_minor || ' (invoices ' || coalesce(i.subtotal, 0) || ')' as difference
from gigs_project p
join wallets_currency w on w.code = p.currency
left join (
  select project_id, sum(amount_minor) as amount from gigs_extra group by project_id
) e on e.project_id = p.id
left join (
  select project_id, sum(subtotal) as subtotal
  from invoicing_invoice
  where kind = 'manual' and milestone_id is null and status <> 'credited'
  group by project_id
) i on i.project_id = p.id
where p.extra_minor <> coalesce(e.amount, 0)
   or p.extra_invoiced_minor <> coalesce(i.subtotal, 0) * 10::numeric ^ w.exponent
   or p.extra_invoiced_minor > p.extra_minor
