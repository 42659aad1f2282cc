-- Lock accounts in the order in which a journal will, hot ones too, and say what each can give:
-- posted less what is reserved of it. A batch of journals over several currencies would otherwise
-- lock its hot shards one currency after another. Whoever locks a debt holds the same person's
-- available account, which was opened before it.
create or replace function wallets_lock(p_accounts bigint[])
returns table (account bigint, free bigint)
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_hot_shard smallint := 1 + pg_backend_pid() % 64;
begin
  return query
    select b.account_id, b.posted - b.held
    from wallets_balance b
    where b.account_id = any (p_accounts) and b.shard in (0, v_hot_shard)
    order by b.shard > 0, b.account_id
    for no key update;
end $$;
