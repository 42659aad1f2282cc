-- Each review under way has the waiting job that ends it when it has to end.
select 'milestone mst_' || replace(m.uuid::text, '-', '') as subject,
       'in review until ' || m.review_ends_at || ' without a job that ends it' as difference
from gigs_milestone m
left join outbox_job j
  on j.topic = 'review.ended'
 and j.key = 'mst_' || replace(m.uuid::text, '-', '') || ':' || m.version || ':'
       || to_char(m.review_ends_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
 and j.done_at is null and j.dead_at is null
where m.status = 'in_review' and j.id is null
