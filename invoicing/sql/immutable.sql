-- An issued invoice only moves its status; a paid one does not move at all. Nothing is deleted.
create function invoicing_invoice_guard() returns trigger language plpgsql as $$
begin
  if old.status = 'paid'
     or to_jsonb(new) - array['status', 'paid_at'] <> to_jsonb(old) - array['status', 'paid_at'] then
    raise exception 'invoice % is issued and cannot be changed', old.number
      using errcode = '42501', constraint = 'invoicing_invoice_immutable';
  end if;
  return new;
end $$;
create trigger invoicing_invoice_immutable before update on invoicing_invoice
  for each row execute function invoicing_invoice_guard();
create trigger invoicing_invoice_kept before delete or truncate on invoicing_invoice
  for each statement execute function tranche_refuse_change();
create trigger invoicing_line_immutable before update or delete or truncate on invoicing_invoiceline
  for each statement execute function tranche_refuse_change();
create trigger invoicing_document_immutable
  before update or delete or truncate on invoicing_invoicedocument
  for each statement execute function tranche_refuse_change();

-- Numbers only move up by what is issued: the counter never goes back.
create function invoicing_series_guard() returns trigger language plpgsql as $$
begin
  if new.last_number < old.last_number or row(new.issuer_id, new.year)
     is distinct from row(old.issuer_id, old.year) then
    raise exception 'series % cannot go back', old.id
      using errcode = '23514', constraint = 'invoicing_series_moves_forward';
  end if;
  return new;
end $$;
create trigger invoicing_series_moves_forward before update on invoicing_invoiceseries
  for each row execute function invoicing_series_guard();
