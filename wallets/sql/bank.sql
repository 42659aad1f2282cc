-- What the bank said is history, and each statement adds up when its import commits.

create trigger wallets_bank_statement_is_append_only
  before update or delete or truncate on wallets_bankstatement
  for each statement execute function wallets_refuse_change();
create trigger wallets_bank_line_is_append_only
  before update or delete or truncate on wallets_bankstatementline
  for each statement execute function wallets_refuse_change();

create function wallets_bank_statement_check() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
  own record;
begin
  select count(*) as lines, coalesce(sum(amount_minor), 0) as total into own
  from wallets_bankstatementline where statement_id = new.id;
  if own.lines + new.known_count <> new.line_count
    or new.opening_minor + own.total + new.known_minor <> new.closing_minor
  then
    raise exception 'bank statement % does not add up', new.id
      using errcode = 'check_violation', constraint = 'wallets_bank_statement_adds_up';
  end if;
  return null;
end;
$$;
create constraint trigger wallets_bank_statement_adds_up
  after insert on wallets_bankstatement deferrable initially deferred
  for each row execute function wallets_bank_statement_check();

revoke execute on function wallets_bank_statement_check from public;
