-- Lifetime earnings are what settlements and part payments credited before tax, less what notes on paid invoices took
-- back of it: all of it where nothing is left of the invoice, and never more.
select 'account ' || a.id as subject,
       'shows ' || b.lifetime || ', was credited ' || coalesce(c.credited, 0) as difference
from wallets_account a
join wallets_balance b on b.account_id = a.id
left join (
  select r.account_id, sum(case
      when n.is_credited then 0
      else greatest(r.amount - coalesce(n.net, 0), 0)
    end) as credited
  from (
    select x.account_id, x.invoice_id, sum(x.amount) as amount
    from (
      select e.account_id, d.id as invoice_id, e.amount - d.tax as amount
      from wallets_account a
      join wallets_entry e on e.account_id = a.id
      join wallets_journal j on j.id = e.journal_id and j.kind = 'settlement'
      join wallets_every_due d on j.about_type = 'invoice' and d.id = j.about_id
      where a.kind in ('available', 'pending')
      union all
      -- Of a part the price is paid before its tax.
      select e.account_id, i.id, e.amount - greatest(
        p.amount_minor - (i.subtotal - coalesce(n.subtotal, 0)) * 10::numeric ^ w.exponent, 0)::bigint
      from wallets_journal j
      join wallets_entry e on e.journal_id = j.id
      join wallets_account a on a.id = e.account_id and a.kind in ('available', 'pending')
      join wallets_payment p on p.id = j.about_id
      join invoicing_invoice i on i.id = p.invoice_id
      join wallets_currency w on w.code = i.currency
      left join (
        select credits_id, sum(subtotal) as subtotal from invoicing_invoice
        where credits_id is not null and paid_at is null
        group by credits_id
      ) n on n.credits_id = i.id
      where j.kind = 'part_payment' and not exists (select from wallets_journal u where u.reverses = j.id)
    ) x
    group by x.account_id, x.invoice_id
  ) r
  left join (
    select n.credits_id, bool_or(i.status = 'credited') as is_credited,
      sum((n.net - n.tax) * 10::numeric ^ w.exponent) filter (where n.paid_at is not null)::bigint as net
    from invoicing_invoice n
    join invoicing_invoice i on i.id = n.credits_id
    join wallets_currency w on w.code = n.currency
    group by n.credits_id
  ) n on n.credits_id = r.invoice_id
  group by r.account_id
) c on c.account_id = a.id
where a.kind in ('available', 'pending') and b.lifetime <> coalesce(c.credited, 0)
