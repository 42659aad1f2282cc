create or replace function wallets_lock(p_accounts bigint[])
returns table (account bigint, free bigint)
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return query
    select b.account_id, b.posted - b.held
    from wallets_balance b
    where b.account_id = any (p_accounts) and b.shard = 0
    order by b.account_id
    for no key update;
end $$;
