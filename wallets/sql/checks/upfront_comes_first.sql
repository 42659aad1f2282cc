-- A project of the completion method awaits its upfront invoice until that is paid, never longer; the
-- invoice comes within 60 seconds of the match. The upfront part and what it leaves of each price are
-- the budget. Projects of the other method have none of this.
select 'project ' || p.id || ' ' || p.title as subject,
       p.invoicing_method || ', ' || p.status || ' with an upfront invoice that is '
         || coalesce(i.statuses, 'missing') || '; upfront ' || coalesce(u.part, 0) || ', shares '
         || coalesce(m.shares, 0) || ' of ' || m.count || ' milestones' as difference
from gigs_project p
join wallets_currency w on w.code = p.currency
cross join lateral (
  select round(p.upfront_rate * p.budget * 10::numeric ^ w.exponent) as part
) u
join (
  select project_id, count(*) as count, count(share_minor) as shared, sum(share_minor) as shares
  from gigs_milestone
  group by project_id
) m on m.project_id = p.id
left join (
  select project_id, string_agg(status, ', ' order by id) as statuses,
    bool_or(paid_at is not null) as is_paid
  from invoicing_invoice
  where kind = 'upfront'
  group by project_id
) i on i.project_id = p.id
where case p.invoicing_method
  when 'completion' then
    (p.status = 'awaiting_upfront') = coalesce(i.is_paid, false)
    or (i.project_id is null and p.started_at < now() - interval '60 seconds')
    or m.shared <> m.count
    or u.part + m.shares is distinct from p.budget * 10::numeric ^ w.exponent
  else p.status = 'awaiting_upfront' or i.project_id is not null or m.shared > 0
end
