-- A note on a paid invoice has its journal: its total to the buyer's credit, its fee from the platform,
-- its net from the seller. Notes before that have one only for what rounding gave beyond their
-- invoice's fee. No other journal credits a note. Debt is made by these, by part payments that are
-- taken back for them and by withdrawals that were paid after they had come back, and paid by journals
-- of its own.
with posted as (
  select j.id, j.about_id, j.key, j.reverses,
    coalesce(sum(e.amount) filter (where a.kind = 'credit' and a.owner = 'user:' || n.buyer_id), 0)
      as credit,
    coalesce(sum(e.amount) filter (
      where a.kind in ('pending', 'available', 'debt') and a.owner = 'user:' || n.seller_id), 0)
      as seller,
    coalesce(sum(e.amount) filter (where a.kind = 'fees'), 0) as fees
  from wallets_journal j
  left join invoicing_invoice n on n.id = j.about_id and n.kind = 'credit_note'
  left join wallets_entry e on e.journal_id = j.id and e.currency = n.currency
  left join wallets_account a on a.id = e.account_id
  where j.kind = 'credit_note'
  group by j.id
), note as (
  select n.*, 'credit:inv_' || replace(n.uuid::text, '-', '') as key,
    (n.total * 10::numeric ^ w.exponent)::bigint as total_minor,
    (n.fee * 10::numeric ^ w.exponent)::bigint as fee_minor
  from wallets_posted_and_due d
  cross join lateral (select * from invoicing_invoice where id = d.invoice_id offset 0) n
  join wallets_currency w on w.code = n.currency
  where d.is_note
)
select 'credit note ' || coalesce(n.number, p.key) as subject,
       coalesce(n.total_minor || ', fee ' || n.fee_minor, 'no note') || '; ledger gave '
         || coalesce(p.credit, 0) || ', took ' || coalesce(p.seller, 0) || ', fees '
         || coalesce(p.fees, 0) as difference
from note n
full join posted p on p.key = n.key and p.about_id = n.id
where n.id is null
  or n.paid_at is not null and (p.credit, p.seller, p.fees)
    is distinct from (n.total_minor, n.fee_minor - n.total_minor, -n.fee_minor)
  or n.paid_at is null and (p.credit <> 0 or p.seller <> -p.fees)
  or p.reverses is not null and not exists (
    select from wallets_journal j
    where j.id = p.reverses and j.kind = 'settlement' and j.about_id = n.credits_id
  )
union all
select 'invoice ' || (select number from invoicing_invoice where id = d.invoice_id),
       'rounding beyond its fee is ' || d.extra_fee || ', ledger posted ' || coalesce(x.fees, 0)
from wallets_posted_and_due d
left join (
  select n.credits_id, sum(p.fees) as fees
  from note n join posted p on p.key = n.key
  where n.paid_at is null
  group by n.credits_id
) x on x.credits_id = d.invoice_id
where not d.is_note and d.extra_fee <> -coalesce(x.fees, 0)
union all
select 'journal ' || j.key, 'is a ' || j.kind || ' that moves debt'
from wallets_account a
join wallets_entry e on e.account_id = a.id
join wallets_journal j on j.id = e.journal_id
where a.kind = 'debt' and (
  j.kind not in ('credit_note', 'part_return', 'debt_payment', 'withdrawal')
  or (j.kind = 'debt_payment') <> (e.amount > 0)
)
