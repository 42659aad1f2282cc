drop view wallets_every_due;

create or replace view wallets_due as
select b.id, b.total - b.part as total, b.tax - greatest(b.part - b.total + b.tax, 0) as tax,
  l.fee - least(l.fee, b.part) as fee,
  b.total - b.part - l.fee + least(l.fee, b.part) as net, l.fee - b.fee as extra_fee
from (
  select i.id,
    ((i.total - coalesce(n.total, 0)) * 10::numeric ^ w.exponent)::bigint as total,
    ((i.tax - coalesce(n.tax, 0)) * 10::numeric ^ w.exponent)::bigint as tax,
    ((i.fee - coalesce(n.fee, 0)) * 10::numeric ^ w.exponent)::bigint as fee,
    (i.part_paid * 10::numeric ^ w.exponent)::bigint as part
  from invoicing_invoice i
  join wallets_currency w on w.code = i.currency
  left join (
    select credits_id, sum(total) as total, sum(tax) as tax, sum(fee) as fee
    from invoicing_invoice
    where credits_id is not null and paid_at is null
    group by credits_id
  ) n on n.credits_id = i.id
) b
cross join lateral (select least(greatest(b.fee, 0), b.total - b.tax) as fee) l;

drop view wallets_due_terms;
