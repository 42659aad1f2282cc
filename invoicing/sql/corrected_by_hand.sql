-- One that stands for another that was credited may come after the final one.
create or replace function invoicing_by_hand_guard() returns trigger language plpgsql as $$
begin
  if exists (select from invoicing_invoice where project_id = new.project_id and kind = 'final')
     and not exists (
       select from invoicing_invoice
       where milestone_id = new.milestone_id and kind = 'manual' and status = 'credited'
     )
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
