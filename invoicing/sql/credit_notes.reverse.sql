drop trigger invoicing_credit_note_fits_its_invoice on invoicing_invoice;
drop function invoicing_credit_note_guard();
create or replace function invoicing_invoice_guard() returns trigger language plpgsql as $$
declare
  moved invoicing_invoice := old;
begin
  moved.status := new.status;
  moved.paid_at := new.paid_at;
  if old.status = 'paid' or new *<> moved then
    raise exception 'invoice % is issued and cannot be changed', old.number
      using errcode = '42501', constraint = 'invoicing_invoice_immutable';
  end if;
  return new;
end $$;
