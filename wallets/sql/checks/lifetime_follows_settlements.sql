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
      select earner_id as account_id, invoice_id, credited - earning_legs * due_tax as amount
      from wallets_posted_and_due
      where kind = 'settlement' and invoice_id is not null and earner_id is not null
      union all
      select e.account_id, s.invoice_id, e.amount - s.due_tax
      from wallets_posted_and_due s
      cross join lateral (
        select account_id, amount from wallets_entry where journal_id = s.journal_id offset 0
      ) e
      join wallets_account a on a.id = e.account_id and a.kind in ('available', 'pending')
      where s.kind = 'settlement' and s.invoice_id is not null and s.earner_id is null and s.earning_legs > 0
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
