-- Entries, balances and accounts agree on their currency.
select 'account ' || a.id || ' shard ' || b.shard as subject,
       'is ' || a.currency || ', its balance ' || b.currency as difference
from wallets_account a
join wallets_balance b on b.account_id = a.id
where b.currency <> a.currency
union all
select 'entry ' || journal_id || '/' || leg, currency || ' on a ' || account_currency || ' account'
from wallets_every_break
where currency <> account_currency
