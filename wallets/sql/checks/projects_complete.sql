-- A project is completed exactly when every milestone is settled or cancelled.
select 'project ' || p.id || ' ' || p.title as subject,
       p.status || ' with ' || count(*) filter (where m.status not in ('settled', 'cancelled')) || ' open milestones'
         as difference
from gigs_project p
join gigs_milestone m on m.project_id = p.id
group by p.id
having (p.status = 'completed') <> bool_and(m.status in ('settled', 'cancelled'))
