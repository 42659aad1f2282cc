-- Along each chain, places have no gap and each running balance is the one before plus the amount.
select 'account ' || account_id || ' shard ' || shard || ' place ' || seq as subject,
       'runs to ' || balance_after || ' after ' || balance_before || ' and ' || amount as difference
from wallets_every_break
where balance_after <> balance_before + amount or seq <> seq_before + 1
