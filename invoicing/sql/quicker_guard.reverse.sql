-- An issued invoice only moves its status; a paid one does not move at all. Nothing is deleted.
create or replace function invoicing_invoice_guard() returns trigger language plpgsql as $$
begin
  if old.status = 'paid'
     or to_jsonb(new) - array['status', 'paid_at'] <> to_jsonb(old) - array['status', 'paid_at'] then
    raise exception 'invoice % is issued and cannot be changed', old.number
      using errcode = '42501', constraint = 'invoicing_invoice_immutable';
  end if;
  return new;
end $$;
