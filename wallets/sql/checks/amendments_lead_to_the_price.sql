-- The price of a milestone is the planned one after its amendments, each from where the last ended.
select 'milestone mst_' || replace(m.uuid::text, '-', '') as subject,
       'planned at ' || pm.amount || ', ' || coalesce(a.count, 0) || ' amendments to '
         || coalesce(a.last, pm.amount) || ', priced at ' || m.amount as difference
from gigs_milestone m
join gigs_project p on p.id = m.project_id
join gigs_plannedmilestone pm on pm.gig_id = p.gig_id and pm.position = m.position
left join (
  select milestone_id, count(*) as count, max(number) as highest,
    (array_agg(before order by number))[1] as first,
    (array_agg(after order by number desc))[1] as last,
    bool_and(before = coalesce(previous, before)) as is_chain
  from (
    select *, lag(after) over (partition by milestone_id order by number) as previous
    from gigs_amendment
  ) link
  group by milestone_id
) a on a.milestone_id = m.id
where m.amendment_count <> coalesce(a.count, 0)
   or coalesce(a.highest, 0) <> coalesce(a.count, 0)
   or coalesce(a.first, pm.amount) <> pm.amount
   or coalesce(a.last, pm.amount) <> m.amount
   or not coalesce(a.is_chain, true)
