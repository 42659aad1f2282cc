-- The breakdown of an issued invoice is as final as the invoice.
create trigger invoicing_tax_immutable before update or delete or truncate on invoicing_invoicetax
  for each statement execute function tranche_refuse_change();
