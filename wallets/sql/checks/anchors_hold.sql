-- Every anchored head of a chain is where it was; anchors follow from each other, from their key and
-- from the file outside.
select 'account ' || h.account_id || ' shard ' || h.shard || ' place ' || h.seq as subject,
       'is not what anchor ' || h.anchor_id || ' says' as difference
from wallets_anchoredhead h
left join wallets_entry e
  on e.account_id = h.account_id and e.shard = h.shard and e.seq = h.seq
where h.seq > 0 and e.hash is distinct from h.head
union all
select 'anchor ' || number, 'does not follow from the one before it'
from (
  select number, previous,
    lag(number, 1, 0::bigint) over (order by number) as number_before,
    lag(digest, 1, decode(repeat('00', 32), 'hex')) over (order by number) as digest_before
  from (
    -- The six signed lines of wallets/integrity/anchors.py, and the signature.
    select number, previous, sha256(convert_to(
      'tranche-anchor-v1' || chr(10)
      || 'number ' || number || chr(10)
      || 'at ' || to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || chr(10)
      || 'chains ' || chains || chr(10)
      || 'root ' || encode(root, 'hex') || chr(10)
      || 'previous ' || encode(previous, 'hex') || chr(10), 'UTF8') || signature) as digest
    from wallets_anchor
  ) signed
) linked
where number <> number_before + 1 or previous <> digest_before
