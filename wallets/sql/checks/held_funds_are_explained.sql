-- For each milestone that is funded and neither settled nor cancelled its part of a payment is held,
-- with what was added to it and less what went back; for any other nothing is. What was held for an invoice that was credited before
-- it was paid went back whole. Nothing is funded but in projects that hold funds.
select 'milestone mst_' || replace(m.uuid::text, '-', '') as subject,
       m.status || ' with ' || coalesce(b.posted, 0) || ' held' as difference
from gigs_milestone m
join gigs_project p on p.id = m.project_id
left join wallets_milestonefunding f on f.milestone_id = m.id and f.status = 'held'
left join wallets_account a
  on a.owner = 'milestone:' || m.id and a.kind = 'held' and a.currency = m.currency
left join wallets_balance b on b.account_id = a.id
where coalesce(b.posted, 0) <> case
    when m.status in ('planned', 'settled', 'cancelled') then 0
    else coalesce(f.amount_minor + f.added_minor - f.returned_minor, 0)
  end
  or (f.id is not null) <> (
    p.payment_mode = 'held' and m.status not in ('planned', 'cancelled') and not exists (
      select from wallets_milestonefunding g
      join wallets_release r on r.funding_id = g.id
      where g.milestone_id = m.id and r.cause = 'credited'
    )
  )
union all
select 'account ' || a.id, a.owner || ' holds ' || b.posted || ' ' || a.currency || ' for nothing'
from wallets_account a
join wallets_balance b on b.account_id = a.id and b.posted <> 0
where a.kind = 'held' and not exists (
  select from gigs_milestone m
  where a.owner = 'milestone:' || m.id and a.currency = m.currency
)
