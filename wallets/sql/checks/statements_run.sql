-- Along each chain, places have no gap and each running balance is the one before plus the amount.
select 'account ' || account_id || ' shard ' || shard || ' place ' || seq as subject,
       'runs to ' || balance_after || ' after ' || before || ' and ' || amount as difference
from (
  select account_id, shard, seq, amount, balance_after,
         coalesce(lag(balance_after) over chain, 0) as before,
         coalesce(lag(seq) over chain, 0) as place_before
  from wallets_entry
  window chain as (partition by account_id, shard order by seq)
) e
where balance_after <> before + amount or seq <> place_before + 1
