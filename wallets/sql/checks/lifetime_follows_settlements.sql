-- Lifetime earnings are what settlements credited before tax.
select 'account ' || a.id as subject,
       'shows ' || b.lifetime || ', was credited ' || coalesce(c.credited, 0) as difference
from wallets_account a
join wallets_balance b on b.account_id = a.id
left join (
  select e.account_id, sum(e.amount - (i.tax * 10::numeric ^ w.exponent)::bigint) as credited
  from wallets_entry e
  join wallets_journal j on j.id = e.journal_id and j.kind = 'settlement'
  join invoicing_invoice i on j.about_type = 'invoice' and i.id = j.about_id
  join wallets_currency w on w.code = i.currency
  join wallets_account owner on owner.id = e.account_id and owner.kind in ('available', 'pending')
  group by e.account_id
) c on c.account_id = a.id
where a.kind in ('available', 'pending') and b.lifetime <> coalesce(c.credited, 0)
