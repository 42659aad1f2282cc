-- A project has agreed what its milestones cost with their bonuses, those aside that are cancelled, and
-- what was added for extra work: the budget as amended since. It has invoiced and taken in fees what its
-- invoices say, less its credit notes: never more than agreed.
select 'project ' || p.id || ' ' || p.title as subject,
       'agreed ' || p.agreed_minor || ' (milestones ' || m.amount || ', bonuses '
         || m.bonus || '), invoiced '
         || p.invoiced_minor || ' (invoices ' || coalesce(i.subtotal, 0) || '), fees '
         || p.fees_minor || ' (invoices ' || coalesce(i.fee, 0) || ')' as difference
from gigs_project p
join wallets_currency w on w.code = p.currency
left join (
  select project_id, sum(bonus_minor) as bonus,
    coalesce(sum(amount) filter (where status <> 'cancelled'), 0) as amount,
    coalesce(sum(amount) filter (where status = 'cancelled'), 0) as cancelled
  from gigs_milestone
  group by project_id
) m on m.project_id = p.id
left join (
  select m.project_id, sum(a.after - a.before) as amended
  from gigs_amendment a
  join gigs_milestone m on m.id = a.milestone_id
  group by m.project_id
) a on a.project_id = p.id
left join (
  select project_id,
    sum(case kind when 'credit_note' then -subtotal else subtotal end) as subtotal,
    sum(case kind when 'credit_note' then -fee else fee end) as fee
  from invoicing_invoice
  group by project_id
) i on i.project_id = p.id
where p.agreed_minor is distinct from m.amount * 10::numeric ^ w.exponent + m.bonus + p.extra_minor
   or p.agreed_minor <> (p.budget + coalesce(a.amended, 0) - m.cancelled) * 10::numeric ^ w.exponent + m.bonus
     + p.extra_minor
   or p.invoiced_minor <> coalesce(i.subtotal, 0) * 10::numeric ^ w.exponent
   or p.fees_minor <> coalesce(i.fee, 0) * 10::numeric ^ w.exponent
   or p.invoiced_minor > p.agreed_minor
