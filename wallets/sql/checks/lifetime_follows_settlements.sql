-- Lifetime earnings are what settlements and part payments credited before tax, less what notes on paid invoices took
-- back of it: all of it where nothing is left of the invoice, and never more.
select 'account ' || a.id as subject,
       'shows ' || b.lifetime || ', was credited ' || coalesce(c.credited, 0) as difference
from wallets_account a
join wallets_balance b on b.account_id = a.id
left join (
  select r.account_id, sum(case i.status
      when 'credited' then 0
      else greatest(r.amount - coalesce(n.net, 0), 0)
    end) as credited
  from (
    select x.account_id, x.invoice_id, sum(x.amount) as amount
    from (
      select e.account_id, d.id as invoice_id, e.amount - d.tax as amount
      from wallets_entry e
      join wallets_journal j on j.id = e.journal_id and j.kind = 'settlement'
      join wallets_due d on j.about_type = 'invoice' and d.id = j.about_id
      union all
      -- Of a part the price is paid before its tax.
      select e.account_id, i.id, e.amount - greatest(
        p.amount_minor - (i.subtotal - coalesce(n.subtotal, 0)) * 10::numeric ^ w.exponent, 0)
      from wallets_entry e
      join wallets_journal j on j.id = e.journal_id and j.kind = 'part_payment'
      join wallets_payment p on p.id = j.about_id
      join invoicing_invoice i on i.id = p.invoice_id
      join wallets_currency w on w.code = i.currency
      left join (
        select credits_id, sum(subtotal) as subtotal from invoicing_invoice
        where credits_id is not null and paid_at is null
        group by credits_id
      ) n on n.credits_id = i.id
      where not exists (select from wallets_journal u where u.reverses = j.id)
    ) x
    join wallets_account owner on owner.id = x.account_id and owner.kind in ('available', 'pending')
    group by x.account_id, x.invoice_id
  ) r
  join invoicing_invoice i on i.id = r.invoice_id
  left join (
    select n.credits_id, sum((n.net - n.tax) * 10::numeric ^ w.exponent)::bigint as net
    from invoicing_invoice n
    join wallets_currency w on w.code = n.currency
    where n.credits_id is not null and n.paid_at is not null
    group by n.credits_id
  ) n on n.credits_id = r.invoice_id
  group by r.account_id
) c on c.account_id = a.id
where a.kind in ('available', 'pending') and b.lifetime <> coalesce(c.credited, 0)
