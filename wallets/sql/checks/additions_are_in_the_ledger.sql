-- What was added to the money held for a milestone is the sum of its additions, of which each has one
-- journal from its commissioner's credit to that milestone's account; no other journal adds.
with expected as (
  select a.id, 'add:mst_' || replace(m.uuid::text, '-', '') || ':' || a.number as key,
    a.amount_minor, m.id as milestone_id, 'user:' || p.commissioner_id as source,
    'milestone:' || m.id as target
  from wallets_addition a
  join wallets_milestonefunding f on f.id = a.funding_id
  join gigs_milestone m on m.id = f.milestone_id
  join gigs_project p on p.id = m.project_id
), posted as (
  select j.key, j.about_type, j.about_id,
    -sum(e.amount) filter (where a.kind = 'credit') as taken,
    sum(e.amount) filter (where a.kind = 'held') as given,
    max(a.owner) filter (where a.kind = 'credit') as source,
    max(a.owner) filter (where a.kind = 'held') as target
  from wallets_journal j
  left join wallets_entry e on e.journal_id = j.id
  left join wallets_account a on a.id = e.account_id
  where j.kind = 'addition'
  group by j.id
)
select coalesce(x.key, l.key) as subject,
       coalesce('added ' || x.amount_minor, 'no addition') || '; ledger took '
         || coalesce(l.taken, 0) || ', gave ' || coalesce(l.given, 0) as difference
from expected x
full join posted l on l.key = x.key
where (x.amount_minor, x.amount_minor, x.source, x.target, 'milestone', x.milestone_id)
  is distinct from (l.taken, l.given, l.source, l.target, l.about_type, l.about_id)
union all
select 'milestone mst_' || replace(m.uuid::text, '-', ''),
       f.added_minor || ' added, ' || coalesce(a.amount_minor, 0) || ' in additions'
from wallets_milestonefunding f
join gigs_milestone m on m.id = f.milestone_id
left join (
  select funding_id, sum(amount_minor) as amount_minor from wallets_addition group by funding_id
) a on a.funding_id = f.id
where f.added_minor <> coalesce(a.amount_minor, 0)
