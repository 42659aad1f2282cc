-- A foreign invoice is kept as it came.
create trigger invoicing_foreign_invoice_immutable
  before update or delete or truncate on invoicing_foreigninvoice
  for each statement execute function tranche_refuse_change();
