-- The fees of a project are the rounded rate on all that it has invoiced (product rule 3.3).
select 'project ' || id || ' ' || title as subject,
       fees_minor || ' instead of ' || round(fee_rate * invoiced_minor) as difference
from gigs_project
where fees_minor <> round(fee_rate * invoiced_minor)
