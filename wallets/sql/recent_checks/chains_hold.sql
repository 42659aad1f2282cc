-- Each entry since the last green run follows from the one before it, its journal and its account;
-- each balance row is what the last entry of its chain says.
select 'account ' || account_id || ' shard ' || shard || ' place ' || seq as subject,
       problem as difference
from wallets_recent_breaks()
