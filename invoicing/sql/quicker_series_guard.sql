-- The guard of a series is asked where something moves that it guards, and not for each number.
-- Whoever guards another column adds it to the condition too.
create or replace trigger invoicing_series_moves_forward before update on invoicing_invoiceseries
  for each row when (
    new.last_number < old.last_number
    or row(new.issuer_id, new.family, new.year, new.prefix, new.digits)
      is distinct from row(old.issuer_id, old.family, old.year, old.prefix, old.digits)
  )
  execute function invoicing_series_guard();
