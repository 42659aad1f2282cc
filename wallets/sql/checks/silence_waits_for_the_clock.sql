-- A milestone that nobody approved was in review for all the days that its project froze, and for
-- seven more when its review was extended.
select 'milestone mst_' || replace(m.uuid::text, '-', '') as subject,
       'approved by nobody at ' || m.approved_at || ', submitted at ' || m.submitted_at
         as difference
from gigs_milestone m
join gigs_project p on p.id = m.project_id
where m.approved_at is not null
  and m.approved_by_id is null
  and m.approved_at < m.submitted_at + make_interval(hours => 24 *
        (p.review_days + case when m.review_extended_at is null then 0 else 7 end))
