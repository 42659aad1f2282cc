-- The parts of a funding payment add up to it, and wait, are held (or were) or missed as the
-- payment says.
select 'payment pay_' || replace(p.uuid::text, '-', '') as subject,
       p.status || ' ' || p.outcome || ' of ' || p.amount_minor || ' with parts of '
         || coalesce(sum(f.amount_minor), 0) || ', '
         || count(*) filter (where f.status in ('held', 'returned')) || ' held' as difference
from wallets_payment p
left join wallets_milestonefunding f on f.payment_id = p.id
left join gigs_milestone m on m.id = f.milestone_id
where p.purpose = 'funding' or f.id is not null
group by p.id
having p.purpose <> 'funding'
    or sum(f.amount_minor) is distinct from p.amount_minor
    or bool_or(m.project_id <> p.project_id or m.currency <> p.currency)
    or bool_or((f.status = 'pending') <> (p.status in ('processing', 'uncertain')))
    or bool_or(f.status in ('held', 'returned') and p.status <> 'succeeded')
    or bool_or(f.status not in ('held', 'returned')) and p.outcome in ('exact', 'over')
