-- A mandate says for ever what was accepted; it can only end, once. An objection stays as it is.
create function invoicing_mandate_guard() returns trigger language plpgsql as $$
begin
  if old.revoked_at is not null
     or to_jsonb(new) - 'revoked_at' <> to_jsonb(old) - 'revoked_at' then
    raise exception 'mandate % cannot be changed', old.id
      using errcode = '42501', constraint = 'invoicing_mandate_only_ends';
  end if;
  return new;
end $$;
create trigger invoicing_mandate_only_ends before update on invoicing_issuingmandate
  for each row execute function invoicing_mandate_guard();
create trigger invoicing_mandate_kept before delete or truncate on invoicing_issuingmandate
  for each statement execute function tranche_refuse_change();
create trigger invoicing_objection_immutable
  before update or delete or truncate on invoicing_invoiceobjection
  for each statement execute function tranche_refuse_change();
