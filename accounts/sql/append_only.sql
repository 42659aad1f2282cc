-- Refuses whatever statement it is attached to. A test database may be flushed by its owner.
create function tranche_refuse_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'TRUNCATE' and current_setting('tranche.allow_flush', true) = 'on' then
    return null;
  end if;
  raise exception '% refuses %', tg_table_name, lower(tg_op)
    using errcode = '42501', constraint = tg_name;
end $$;

create trigger accounts_audit_append_only
  before update or delete or truncate on accounts_auditevent
  for each statement execute function tranche_refuse_change();
