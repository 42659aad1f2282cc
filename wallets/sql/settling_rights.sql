-- The functions that settle are the application's alone, like the ledger's.
revoke execute on function wallets_decimal, wallets_tell_settled, wallets_pay_held from public;

create function wallets_grant_settling(p_role text) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  execute format(
    'grant execute on function wallets_decimal, wallets_tell_settled, wallets_pay_held to %I', p_role);
end $$;
revoke execute on function wallets_grant_settling from public;
