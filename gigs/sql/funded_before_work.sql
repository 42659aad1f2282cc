-- In a project that pays from held funds, work on a milestone begins once it is funded; only such a
-- project funds milestones.
create function gigs_milestone_check_funds() returns trigger language plpgsql as $$
begin
  if (new.status = 'funded') is distinct from
     (select payment_mode = 'held' from gigs_project where id = new.project_id) then
    raise exception 'milestone % cannot become %', old.id, new.status
      using errcode = '23514', constraint = 'gigs_milestone_funded_before_work';
  end if;
  return new;
end $$;
create trigger gigs_milestone_funded_before_work before update on gigs_milestone
  for each row
  when (old.status = 'planned' and new.status in ('funded', 'in_progress', 'in_review'))
  execute function gigs_milestone_check_funds();
