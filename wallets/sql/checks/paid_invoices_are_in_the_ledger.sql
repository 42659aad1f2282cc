-- Each invoice that was paid has one settlement journal with exactly its total, net and fee after
-- the credit notes before it; no other has.
with posted as (
  select x.journal_id, x.currency,
    -sum(x.amount) filter (where a.kind in ('outside', 'held', 'credit')) as taken,
    sum(x.amount) filter (where a.kind in ('available', 'pending')) as credited,
    sum(x.amount) filter (where a.kind = 'fees') as fee,
    min(a.owner) filter (where a.kind in ('available', 'pending')) as first_owner,
    max(a.owner) filter (where a.kind in ('available', 'pending')) as last_owner
  from wallets_entry x
  join wallets_account a on a.id = x.account_id
  group by x.journal_id, x.currency
)
select 'invoice ' || i.number as subject,
       i.status || '; ledger took ' || coalesce(e.taken, 0) || ', credited '
         || coalesce(e.credited, 0) || ' to ' || coalesce(e.first_owner, 'nobody') || ', fee '
         || coalesce(e.fee, 0) as difference
from invoicing_invoice i
join wallets_due d on d.id = i.id
left join wallets_journal j on j.key = 'settle:inv_' || replace(i.uuid::text, '-', '')
left join posted e on e.journal_id = j.id and e.currency = i.currency
where case
  when i.paid_at is not null and i.kind <> 'credit_note' then
    coalesce(e.taken, 0) <> d.total
    or coalesce(e.credited, 0) <> d.net
    or coalesce(e.fee, 0) <> d.fee
    or e.first_owner <> 'user:' || i.seller_id or e.last_owner <> 'user:' || i.seller_id
  else j.id is not null
end
