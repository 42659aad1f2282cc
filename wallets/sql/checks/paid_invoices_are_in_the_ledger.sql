-- Each invoice that was paid has one settlement journal with exactly its total, net and fee after
-- the credit notes before it; no other has. The key of each is settlements_have_invoices' business.
with owned as materialized (
  select id, kind, case when owner ~ '^user:\d+$' then substr(owner, 6)::bigint else 0 end as user_id
  from wallets_account
), posted as (
  select x.journal_id, x.currency,
    -sum(x.amount) filter (where a.kind in ('outside', 'held', 'credit')) as taken,
    sum(x.amount) filter (where a.kind in ('available', 'pending')) as credited,
    sum(x.amount) filter (where a.kind = 'fees') as fee,
    min(a.user_id) filter (where a.kind in ('available', 'pending')) as first_user,
    max(a.user_id) filter (where a.kind in ('available', 'pending')) as last_user
  from wallets_entry x
  join owned a on a.id = x.account_id
  group by x.journal_id, x.currency
)
select 'invoice ' || d.number as subject,
       d.status || '; ledger took ' || coalesce(e.taken, 0) || ', credited '
         || coalesce(e.credited, 0) || ' to user ' || coalesce(e.first_user::text, 'nobody') || ', fee '
         || coalesce(e.fee, 0) as difference
from wallets_every_due d
left join wallets_journal j
  on j.kind = 'settlement' and j.about_type = 'invoice' and j.about_id = d.id
left join posted e on e.journal_id = j.id and e.currency = d.currency
where case
  when d.paid_at is not null and d.kind <> 'credit_note' then
    coalesce(e.taken, 0) <> d.total
    or coalesce(e.credited, 0) <> d.net
    or coalesce(e.fee, 0) <> d.fee
    or e.first_user <> d.seller_id or e.last_user <> d.seller_id
  else j.id is not null
end
