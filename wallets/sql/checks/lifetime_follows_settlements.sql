-- Lifetime earnings are what settlements credited before tax, less what notes on paid invoices took
-- back of it: all of it where nothing is left of the invoice, and never more.
select 'account ' || a.id as subject,
       'shows ' || b.lifetime || ', was credited ' || coalesce(c.credited, 0) as difference
from wallets_account a
join wallets_balance b on b.account_id = a.id
left join (
  select e.account_id, sum(case i.status
      when 'credited' then 0
      else greatest(e.amount - d.tax - coalesce(n.net, 0), 0)
    end) as credited
  from wallets_entry e
  join wallets_journal j on j.id = e.journal_id and j.kind = 'settlement'
  join wallets_due d on j.about_type = 'invoice' and d.id = j.about_id
  join invoicing_invoice i on i.id = d.id
  left join (
    select n.credits_id, sum((n.net - n.tax) * 10::numeric ^ w.exponent)::bigint as net
    from invoicing_invoice n
    join wallets_currency w on w.code = n.currency
    where n.credits_id is not null and n.paid_at is not null
    group by n.credits_id
  ) n on n.credits_id = d.id
  join wallets_account owner on owner.id = e.account_id and owner.kind in ('available', 'pending')
  group by e.account_id
) c on c.account_id = a.id
where a.kind in ('available', 'pending') and b.lifetime <> coalesce(c.credited, 0)
