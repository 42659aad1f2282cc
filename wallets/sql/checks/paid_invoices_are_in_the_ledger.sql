-- Each invoice that was paid has one settlement journal with exactly its total, net and fee after
-- the credit notes before it; no other has. The key of each is settlements_have_invoices' business.
with owned as materialized (
  select id, kind in ('outside', 'held', 'credit') as gives, kind in ('available', 'pending') as earns,
    kind = 'fees' as is_fees,
    case when owner ~ '^user:\d+$' then substr(owner, 6)::bigint else 0 end as user_id
  from wallets_account
), posted as (
  -- In order, so that no table of all journals is built: entries lie by journal already.
  select x.journal_id, min(x.currency) as first_currency, max(x.currency) as last_currency,
    -sum(x.amount) filter (where x.gives) as taken,
    sum(x.amount) filter (where x.earns) as credited,
    sum(x.amount) filter (where x.is_fees) as fee,
    min(x.user_id) filter (where x.earns) as first_user,
    max(x.user_id) filter (where x.earns) as last_user
  from (
    select e.journal_id, e.amount, e.currency, a.*
    from wallets_entry e
    join owned a on a.id = e.account_id
    order by e.journal_id
  ) x
  group by x.journal_id
)
select 'invoice ' || d.number as subject,
       d.status || '; ledger took ' || coalesce(e.taken, 0) || ', credited '
         || coalesce(e.credited, 0) || ' to user ' || coalesce(e.first_user::text, 'nobody') || ', fee '
         || coalesce(e.fee, 0) as difference
from wallets_every_due d
left join wallets_journal j
  on j.kind = 'settlement' and j.about_type = 'invoice' and j.about_id = d.id
left join posted e on e.journal_id = j.id
where case
  when d.paid_at is not null and d.kind <> 'credit_note' then
    coalesce(e.taken, 0) <> d.total
    or coalesce(e.credited, 0) <> d.net
    or coalesce(e.fee, 0) <> d.fee
    or e.first_user <> d.seller_id or e.last_user <> d.seller_id
    or e.first_currency <> d.currency or e.last_currency <> d.currency
  else j.id is not null
end
