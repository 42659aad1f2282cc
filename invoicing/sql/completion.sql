-- The final invoice comes when no milestone is unapproved.
create function invoicing_final_guard() returns trigger language plpgsql as $$
begin
  if exists (
    select from gigs_milestone
    where project_id = new.project_id and status not in ('approved', 'settled')
  ) then
    raise exception 'a milestone of project % is not approved', new.project_id
      using errcode = '23514', constraint = 'invoicing_final_after_all_approvals';
  end if;
  return new;
end $$;
create trigger invoicing_final_after_all_approvals before insert on invoicing_invoice
  for each row when (new.kind = 'final')
  execute function invoicing_final_guard();

-- One about a single milestone of a completion project comes after its approval, before the final one.
create function invoicing_by_hand_guard() returns trigger language plpgsql as $$
begin
  if exists (select from invoicing_invoice where project_id = new.project_id and kind = 'final')
     or not exists (
       select from gigs_milestone
       where id = new.milestone_id and project_id = new.project_id
         and share_minor is not null and status in ('approved', 'settled')
     ) then
    raise exception 'milestone % cannot be invoiced by hand', new.milestone_id
      using errcode = '23514', constraint = 'invoicing_by_hand_between_approval_and_final';
  end if;
  return new;
end $$;
create trigger invoicing_by_hand_between_approval_and_final before insert on invoicing_invoice
  for each row when (new.kind = 'manual' and new.milestone_id is not null)
  execute function invoicing_by_hand_guard();
