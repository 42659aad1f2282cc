-- Each entry's hash follows from the entry before it, its journal and its account, up to the
-- balance row's head.
select 'account ' || account_id || coalesce(' shard ' || shard, '') || coalesce(' place ' || seq, '')
         as subject,
       problem as difference
from wallets_chain_breaks()
