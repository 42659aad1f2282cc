-- The planned milestones of a gig add up to its budget.
select 'gig ' || g.id || ' ' || g.title as subject,
       g.budget || ' budgeted, ' || coalesce(sum(m.amount), 0) || ' planned' as difference
from gigs_gig g
left join gigs_plannedmilestone m on m.gig_id = g.id and m.currency = g.currency
group by g.id
having g.budget is distinct from sum(m.amount)
