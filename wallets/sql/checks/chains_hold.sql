-- Each entry's hash follows from the entry before it, its journal and its account, up to the
-- balance row's head.
select 'account ' || account_id || coalesce(' shard ' || shard, '') || coalesce(' place ' || seq, '')
         as subject,
       problem as difference
from (
  select account_id, shard, seq, problem from wallets_every_break
  union all
  select account_id, shard, seq, problem from wallets_head_breaks()
) broken
