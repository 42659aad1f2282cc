-- The part that is invoiced upfront, and what it leaves of each price, are frozen at the match.
create function gigs_project_upfront_guard() returns trigger language plpgsql as $$
begin
  raise exception 'the upfront part of project % is frozen', old.id
    using errcode = '23514', constraint = 'gigs_project_upfront_frozen';
end $$;
create trigger gigs_project_upfront_frozen before update on gigs_project
  for each row when (new.upfront_rate is distinct from old.upfront_rate)
  execute function gigs_project_upfront_guard();
create function gigs_milestone_share_guard() returns trigger language plpgsql as $$
begin
  raise exception 'the share of milestone % is frozen', old.id
    using errcode = '23514', constraint = 'gigs_milestone_share_frozen';
end $$;
create trigger gigs_milestone_share_frozen before update on gigs_milestone
  for each row when (new.share_minor is distinct from old.share_minor)
  execute function gigs_milestone_share_guard();

-- No work begins before the upfront invoice is paid.
create function gigs_milestone_check_upfront() returns trigger language plpgsql as $$
begin
  if exists (
    select from gigs_project where id = new.project_id and status = 'awaiting_upfront'
  ) then
    raise exception 'milestone % waits for the upfront payment', old.id
      using errcode = '23514', constraint = 'gigs_milestone_waits_for_upfront';
  end if;
  return new;
end $$;
create trigger gigs_milestone_waits_for_upfront before update on gigs_milestone
  for each row when (old.status = 'planned' and new.status in ('in_progress', 'in_review'))
  execute function gigs_milestone_check_upfront();
