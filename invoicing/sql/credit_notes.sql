-- An issued invoice moves its status and what is credited of it, which only grows; a paid one is
-- credited and nothing else; one that is credited in full, and a credit note, do not move at all.
create or replace function invoicing_invoice_guard() returns trigger language plpgsql as $$
declare
  moved invoicing_invoice := old;
begin
  moved.status := new.status;
  moved.paid_at := new.paid_at;
  moved.credited := new.credited;
  moved.credited_tax := new.credited_tax;
  moved.credited_fee := new.credited_fee;
  if old.status in ('credited', 'issued')
     or old.status = 'paid' and (
       new.status not in ('paid', 'credited') or new.paid_at is distinct from old.paid_at
       or new.credited = old.credited)
     or new.credited < old.credited or new.credited_tax < old.credited_tax
     or new.credited_fee < old.credited_fee
     or new *<> moved then
    raise exception 'invoice % is issued and cannot be changed', old.number
      using errcode = '42501', constraint = 'invoicing_invoice_immutable';
  end if;
  return new;
end $$;

-- A note credits an invoice, between the same parties, in its currency and at its fee rate.
create function invoicing_credit_note_guard() returns trigger language plpgsql as $$
begin
  if not exists (
    select from invoicing_invoice i
    where i.id = new.credits_id and i.kind <> 'credit_note'
      and (i.seller_id, i.buyer_id, i.project_id, i.currency, i.fee_rate)
        = (new.seller_id, new.buyer_id, new.project_id, new.currency, new.fee_rate)
      and i.milestone_id is not distinct from new.milestone_id
  ) then
    raise exception 'credit note % does not fit the invoice that it credits', new.number
      using errcode = '23514', constraint = 'invoicing_credit_note_fits_its_invoice';
  end if;
  return new;
end $$;
create trigger invoicing_credit_note_fits_its_invoice before insert on invoicing_invoice
  for each row when (new.credits_id is not null) execute function invoicing_credit_note_guard();
