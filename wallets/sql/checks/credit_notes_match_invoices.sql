-- What is credited of an invoice is the sum of its notes, their tax is the tax on that sum, and
-- nothing is left exactly of those that are credited. Each note credits an invoice of its parties, and
-- as much of it as two of staff agreed on, where they did.
select 'invoice ' || i.number as subject,
       i.status || ', credited ' || i.credited || ' + ' || i.credited_tax || ', fee '
         || i.credited_fee || '; notes ' || coalesce(n.subtotal, 0) || ' + ' || coalesce(n.tax, 0)
         || ', fee ' || coalesce(n.fee, 0) as difference
from invoicing_invoice i
join wallets_currency w on w.code = i.currency
left join (
  select credits_id, sum(subtotal) as subtotal, sum(tax) as tax, sum(fee) as fee
  from invoicing_invoice where credits_id is not null group by credits_id
) n on n.credits_id = i.id
left join (
  select invoice_id, max(rate) as rate from invoicing_invoicetax group by invoice_id
) t on t.invoice_id = i.id
where (i.credited, i.credited_tax, i.credited_fee)
    <> (coalesce(n.subtotal, 0), coalesce(n.tax, 0), coalesce(n.fee, 0))
  or i.credited_tax <> round(i.credited * coalesce(t.rate, 0) / 100, w.exponent)
  or (i.status = 'credited') <> (i.credited = i.subtotal)
union all
select 'credit note ' || n.number, 'does not fit invoice ' || i.number
from invoicing_invoice n
join invoicing_invoice i on i.id = n.credits_id
where i.kind = 'credit_note'
  or (i.seller_id, i.buyer_id, i.project_id, i.currency, i.fee_rate)
    <> (n.seller_id, n.buyer_id, n.project_id, n.currency, n.fee_rate)
  or i.milestone_id is distinct from n.milestone_id
  or n.paid_at is not null and i.paid_at is null
union all
select 'credit request ' || r.id, r.amount_minor || ' of invoice ' || r.invoice_id || ' led to note ' || n.number
from wallets_creditrequest r
join invoicing_invoice n on n.id = r.note_id
join wallets_currency w on w.code = n.currency
where n.credits_id is distinct from r.invoice_id
  or n.subtotal * 10::numeric ^ w.exponent <> r.amount_minor
