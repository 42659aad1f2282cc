-- An invoice's tax is its breakdown: per category and rate once on the sum of the lines, half up; that
-- of a note may differ by a sub-unit, so that the notes of an invoice add up to the tax on their sum.
with lines as (
  select invoice_id, tax_category as category, tax_rate as rate, sum(amount) as basis
  from invoicing_invoiceline where tax_category <> '' group by 1, 2, 3
), rows as (
  select coalesce(t.invoice_id, l.invoice_id) as invoice_id,
    t.basis is distinct from l.basis
      or coalesce(abs(t.amount - round(l.basis * coalesce(l.rate, 0) / 100, c.exponent)) >
        case i.kind when 'credit_note' then 10::numeric ^ -c.exponent else 0 end, true)
      or t.currency is distinct from i.currency as is_wrong,
    t.amount
  from invoicing_invoicetax t
  full join lines l on l.invoice_id = t.invoice_id and l.category = t.category
    and l.rate is not distinct from t.rate
  join invoicing_invoice i on i.id = coalesce(t.invoice_id, l.invoice_id)
  join wallets_currency c on c.code = i.currency
), sums as (
  select invoice_id, bool_or(is_wrong) as is_wrong, sum(amount) as amount from rows group by 1
)
select 'invoice ' || i.number as subject,
       'tax ' || i.tax || ', breakdown ' || coalesce(s.amount, 0) as difference
from invoicing_invoice i
left join sums s on s.invoice_id = i.id
where i.tax <> coalesce(s.amount, 0) or s.is_wrong
