-- A series keeps its issuer, family and year, and its counter never goes back.
create or replace function invoicing_series_guard() returns trigger language plpgsql as $$
begin
  if new.last_number < old.last_number or row(new.issuer_id, new.family, new.year)
     is distinct from row(old.issuer_id, old.family, old.year) then
    raise exception 'series % cannot go back', old.id
      using errcode = '23514', constraint = 'invoicing_series_moves_forward';
  end if;
  return new;
end $$;
