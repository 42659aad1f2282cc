-- The price of a milestone that is not approved yet moves by its next amendment, which says from
-- what to what; nothing else moves it. Amendments are written once.
create or replace function gigs_milestone_frozen() returns trigger language plpgsql as $$
begin
  if row(new.project_id, new.currency) is distinct from row(old.project_id, old.currency)
     or (old.approved_at is not null and new.bonus_minor <> old.bonus_minor)
     or (
       row(new.amount, new.amendment_count) is distinct from row(old.amount, old.amendment_count)
       and (
         old.approved_at is not null
         or new.amendment_count <> old.amendment_count + 1
         or not exists (
           select from gigs_amendment a
           where a.milestone_id = old.id and a.number = new.amendment_count
             and a.before = old.amount and a.after = new.amount and a.currency = new.currency
         )
       )
     ) then
    raise exception 'the price of milestone % is frozen', old.id
      using errcode = '23514', constraint = 'gigs_milestone_price_frozen';
  end if;
  return new;
end $$;
create trigger gigs_amendment_append_only
  before update or delete or truncate on gigs_amendment
  for each statement execute function tranche_refuse_change();
