-- What went back of the money held for a milestone is the sum of its releases, of which each has one
-- journal from that milestone's account to its commissioner's credit; no other journal releases.
-- Where all of it went back the milestone is cancelled, or settled with nothing: each of its invoices
-- was credited before it was paid.
with expected as (
  select r.id, 'release:mst_' || replace(m.uuid::text, '-', '') || ':' || r.number as key,
    r.amount_minor, m.id as milestone_id, 'milestone:' || m.id as source,
    'user:' || p.commissioner_id as target
  from wallets_release r
  join wallets_milestonefunding f on f.id = r.funding_id
  join gigs_milestone m on m.id = f.milestone_id
  join gigs_project p on p.id = m.project_id
), posted as (
  select j.key, j.about_type, j.about_id,
    -sum(e.amount) filter (where a.kind = 'held') as taken,
    sum(e.amount) filter (where a.kind = 'credit') as given,
    max(a.owner) filter (where a.kind = 'held') as source,
    max(a.owner) filter (where a.kind = 'credit') as target
  from wallets_journal j
  left join wallets_entry e on e.journal_id = j.id
  left join wallets_account a on a.id = e.account_id
  where j.kind = 'release'
  group by j.id
)
select coalesce(x.key, l.key) as subject,
       coalesce('released ' || x.amount_minor, 'no release') || '; ledger took '
         || coalesce(l.taken, 0) || ', gave ' || coalesce(l.given, 0) as difference
from expected x
full join posted l on l.key = x.key
where (x.amount_minor, x.amount_minor, x.source, x.target, 'milestone', x.milestone_id)
  is distinct from (l.taken, l.given, l.source, l.target, l.about_type, l.about_id)
union all
select 'milestone mst_' || replace(m.uuid::text, '-', ''),
       m.status || ', ' || f.status || ' with ' || f.returned_minor || ' of ' || f.amount_minor
         || ' back, ' || coalesce(r.amount_minor, 0) || ' released'
from wallets_milestonefunding f
join gigs_milestone m on m.id = f.milestone_id
left join (
  select funding_id, sum(amount_minor) as amount_minor from wallets_release group by funding_id
) r on r.funding_id = f.id
where f.returned_minor <> coalesce(r.amount_minor, 0)
   or f.status = 'returned' and m.status <> 'cancelled' and not (
     m.status = 'settled'
     and exists (select from wallets_release c where c.funding_id = f.id and c.cause = 'credited')
   )
   or exists (select from wallets_release c where c.funding_id = f.id and c.cause = 'credited') and (
     f.status <> 'returned' or m.status <> 'settled' or exists (
       select from invoicing_invoice i
       where i.milestone_id = m.id and i.kind = 'milestone'
         and (i.status <> 'credited' or i.paid_at is not null)
     )
   )
