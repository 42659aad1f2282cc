-- An issuer keeps its code, with which its numbers begin, and belongs to whom it was made for.
create function invoicing_issuer_guard() returns trigger language plpgsql as $$
begin
  raise exception 'issuer % keeps its code and its user', old.id
    using errcode = '42501', constraint = 'invoicing_issuer_frozen';
end $$;
create trigger invoicing_issuer_frozen after update on invoicing_issuer
  for each row when (row(new.code, new.user_id) is distinct from row(old.code, old.user_id))
  execute function invoicing_issuer_guard();
