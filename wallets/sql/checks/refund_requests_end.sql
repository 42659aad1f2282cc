-- A refund request that waits is about a milestone whose money is held and on which no work was
-- submitted, and has the waiting job that ends it. One that was granted led to the release of what was
-- held, for that reason; no other request did, and no release names a request that there is not.
with granted as (
  select q.milestone_id, m.uuid, count(*) as requests
  from gigs_refundrequest q
  join gigs_milestone m on m.id = q.milestone_id
  where q.status in ('agreed', 'unanswered')
  group by q.milestone_id, m.uuid
), released as (
  select f.milestone_id, count(*) filter (where r.cause in ('refund_agreed', 'refund_unanswered')) as asked,
    count(*) as all_of_them
  from wallets_release r
  join wallets_milestonefunding f on f.id = r.funding_id
  group by f.milestone_id
)
select 'milestone mst_' || replace(m.uuid::text, '-', '') as subject,
       m.status || ' with request ' || q.number || ' until ' || q.ends_at
         || case when j.id is null then ' without a job that ends it' else '' end as difference
from gigs_refundrequest q
join gigs_milestone m on m.id = q.milestone_id
left join outbox_job j
  on j.topic = 'refund.ended'
 and j.key = 'mst_' || replace(m.uuid::text, '-', '') || ':' || q.number
 and j.done_at is null and j.dead_at is null
where q.status = 'open'
  and (j.id is null or m.version > 0 or m.status not in ('funded', 'in_progress'))
union all
select 'milestone ' || coalesce('mst_' || replace(g.uuid::text, '-', ''), r.milestone_id::text),
       coalesce(g.requests, 0) || ' granted requests, ' || coalesce(r.asked, 0) || ' releases for one'
from granted g
full join released r on r.milestone_id = g.milestone_id
where g.milestone_id is null and r.asked > 0
   or g.milestone_id is not null and (
     g.requests <> 1 or coalesce(r.all_of_them, 0) = 0 or coalesce(r.asked, 0) > 1
   )
