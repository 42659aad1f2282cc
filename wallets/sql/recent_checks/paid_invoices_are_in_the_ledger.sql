-- Each settlement since the last green run credited its seller and the platform what its invoice
-- says, and the invoice is paid.
select 'journal ' || j.key as subject,
       coalesce(i.number || ' ' || i.status || ', net ' || i.net || ', fee ' || i.fee, 'no invoice')
         || '; ledger credited ' || e.credited || ', fee ' || e.fee as difference
from (select distinct journal_id from wallets_recent_entries()) r
join wallets_journal j on j.id = r.journal_id and j.kind = 'settlement'
left join invoicing_invoice i
  on j.about_type = 'invoice' and i.id = j.about_id
  and j.key = 'settle:inv_' || replace(i.uuid::text, '-', '')
left join wallets_due d on d.id = i.id
cross join lateral (
  select coalesce(sum(x.amount) filter (
           where a.kind in ('available', 'pending') and a.owner = 'user:' || i.seller_id), 0) as credited,
         coalesce(sum(x.amount) filter (where a.kind = 'fees'), 0) as fee
  from wallets_entry x
  join wallets_account a on a.id = x.account_id
  where x.journal_id = j.id
) e
where i.id is null or i.paid_at is null or e.credited <> d.net or e.fee <> d.fee
