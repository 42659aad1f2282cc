-- Each balance is the sum of its entries, and counts them.
select 'account ' || b.account_id || ' shard ' || b.shard as subject,
       'shows ' || b.posted || ' after ' || b.seq || ' entries, has '
         || coalesce(e.total, 0) || ' from ' || coalesce(e.entries, 0) as difference
from wallets_balance b
full join (
  select account_id, shard, sum(amount) as total, count(*) as entries
  from wallets_entry
  group by account_id, shard
) e using (account_id, shard)
where b.posted is distinct from coalesce(e.total, 0)
   or b.seq is distinct from coalesce(e.entries, 0)
