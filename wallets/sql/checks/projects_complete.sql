-- A project is completed exactly when every milestone is settled.
select 'project ' || p.id || ' ' || p.title as subject,
       p.status || ' with ' || count(*) filter (where m.status <> 'settled') || ' open milestones'
         as difference
from gigs_project p
join gigs_milestone m on m.project_id = p.id
group by p.id
having (p.status = 'completed') <> bool_and(m.status = 'settled')
