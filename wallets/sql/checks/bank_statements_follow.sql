-- The bank's statements leave no gap: each begins with the balance that the one before ended with, and where days
-- are told by several the balance moved by their lines. What was imported in another order has a day to be completed.
with placed as (
  select s.*, max(s.to_on) over (
    partition by s.account_id order by s.from_on, s.id
    rows between unbounded preceding and 1 preceding
  ) as reached
  from wallets_bankstatement s
), marked as (
  select p.*, count(*) filter (where p.reached is null or p.from_on > p.reached)
    over (partition by p.account_id order by p.from_on, p.id) as island
  from placed p
), islands as (
  select m.account_id, m.island, min(m.from_on) as first, max(m.to_on) as last,
    max(m.imported_at) as imported_at, array_agg(m.id) as ids
  from marked m
  group by m.account_id, m.island
), ends as (
  select i.*,
    array(select o.opening_minor from wallets_bankstatement o
      where o.id = any (i.ids) and o.from_on = i.first) as openings,
    array(select c.closing_minor from wallets_bankstatement c
      where c.id = any (i.ids) and c.to_on = i.last) as closings,
    (select coalesce(sum(l.amount_minor), 0) from wallets_bankstatementline l
      where l.statement_id = any (i.ids)) as moved
  from islands i
)
select 'bank account ' || e.account_id as subject,
       'from ' || e.first || ' to ' || e.last || ' statements move ' || e.moved
         || ', and the balance moved from ' || e.openings[1] || ' to ' || e.closings[1] as difference
from ends e
where e.imported_at < now() - interval '1 day'
  and not exists (
    select from unnest(e.openings) o, unnest(e.closings) c where c - o = e.moved)
union all
select 'bank account ' || e.account_id,
       'on ' || before.last || ' it stood at ' || before.closings[1] || ', and on ' || e.first
         || ' at ' || e.openings[1] || ': a statement is missing'
from ends e
join ends before on before.account_id = e.account_id and before.island = e.island - 1
where greatest(e.imported_at, before.imported_at) < now() - interval '1 day'
  and not e.openings && before.closings
