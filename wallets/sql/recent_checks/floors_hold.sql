-- No account is below its floor or above its ceiling, held money included.
select 'account ' || account_id || ' shard ' || shard as subject,
       posted || ' posted, ' || held || ' held' as difference
from wallets_balance
where posted - held < min_balance or posted > max_balance or held < 0
