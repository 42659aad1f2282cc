-- A logo stands on issued invoices: it stays as it was.
create trigger accounts_logo_immutable
  before update or delete or truncate on accounts_logo
  for each statement execute function tranche_refuse_change();
