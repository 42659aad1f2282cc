-- Entries, balances and accounts agree on their currency.
select 'account ' || a.id || ' shard ' || b.shard as subject,
       'is ' || a.currency || ', its balance ' || b.currency as difference
from wallets_account a
join wallets_balance b on b.account_id = a.id
where b.currency <> a.currency
union all
select 'entry ' || e.journal_id || '/' || e.leg, e.currency || ' on a ' || a.currency || ' account'
from wallets_entry e
join wallets_account a on a.id = e.account_id
where e.currency <> a.currency
