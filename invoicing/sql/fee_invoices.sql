-- What is issued to a freelancer for fees never changes.
create trigger invoicing_fee_invoice_immutable
  before update or delete or truncate on invoicing_feeinvoice
  for each statement execute function tranche_refuse_change();
create trigger invoicing_fee_document_immutable
  before update or delete or truncate on invoicing_feedocument
  for each statement execute function tranche_refuse_change();
