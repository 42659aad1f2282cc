drop trigger gigs_amendment_append_only on gigs_amendment;
create or replace function gigs_milestone_frozen() returns trigger language plpgsql as $$
begin
  if row(new.project_id, new.amount, new.currency)
       is distinct from row(old.project_id, old.amount, old.currency)
     or (old.approved_at is not null and new.bonus_minor <> old.bonus_minor) then
    raise exception 'the price of milestone % is frozen', old.id
      using errcode = '23514', constraint = 'gigs_milestone_price_frozen';
  end if;
  return new;
end $$;
