-- An issued invoice moves its status, what is paid of it in part, and what is credited of it, which
-- only grows; a paid one is credited and nothing else; one that is credited in full, and a credit
-- note, do not move at all.
create or replace function invoicing_invoice_guard() returns trigger language plpgsql as $$
declare
  moved invoicing_invoice := old;
begin
  moved.status := new.status;
  moved.paid_at := new.paid_at;
  moved.credited := new.credited;
  moved.credited_tax := new.credited_tax;
  moved.credited_fee := new.credited_fee;
  moved.part_paid := new.part_paid;
  if old.status in ('credited', 'issued')
     or old.status = 'paid' and (
       new.status not in ('paid', 'credited') or new.paid_at is distinct from old.paid_at
       or new.part_paid <> old.part_paid or new.credited = old.credited)
     or new.credited < old.credited or new.credited_tax < old.credited_tax
     or new.credited_fee < old.credited_fee
     or new *<> moved then
    raise exception 'invoice % is issued and cannot be changed', old.number
      using errcode = '42501', constraint = 'invoicing_invoice_immutable';
  end if;
  return new;
end $$;
