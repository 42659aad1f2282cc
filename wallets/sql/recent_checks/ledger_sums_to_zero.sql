-- All balances of a currency add up to zero.
select 'currency ' || currency as subject, 'balances add up to ' || sum(posted) as difference
from wallets_balance
group by currency
having sum(posted) <> 0
