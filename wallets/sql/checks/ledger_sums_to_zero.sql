-- All entries of a currency add up to zero.
select 'currency ' || currency as subject, 'entries add up to ' || sum(amount) as difference
from wallets_entry
group by currency
having sum(amount) <> 0
