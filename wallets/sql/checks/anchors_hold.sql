-- Every anchored head of a chain is where it was; anchors follow from each other, from their key and
-- from the file outside.
select 'account ' || h.account_id || ' shard ' || h.shard || ' place ' || h.seq as subject,
       'is not what anchor ' || h.anchor_id || ' says' as difference
from wallets_anchoredhead h
left join wallets_entry e
  on e.account_id = h.account_id and e.shard = h.shard and e.seq = h.seq
where h.seq > 0 and e.hash is distinct from h.head
