-- What wallets_due is made of, with what proofs ask of an invoice beside it.
create view wallets_due_terms as
select i.id, i.uuid, i.number, i.kind, i.status, i.currency, i.seller_id, i.milestone_id, i.paid_at,
  ((i.total - coalesce(n.total, 0)) * w.scale)::bigint as total,
  ((i.tax - coalesce(n.tax, 0)) * w.scale)::bigint as tax,
  ((i.fee - coalesce(n.fee, 0)) * w.scale)::bigint as fee,
  (i.part_paid * w.scale)::bigint as part
from invoicing_invoice i
join (select code, 10::numeric ^ exponent as scale from wallets_currency) w on w.code = i.currency
left join (
  select credits_id, sum(total) as total, sum(tax) as tax, sum(fee) as fee
  from invoicing_invoice
  where credits_id is not null and paid_at is null
  group by credits_id
) n on n.credits_id = i.id;

create or replace view wallets_due as
select b.id, b.total - b.part as total, b.tax - greatest(b.part - b.total + b.tax, 0) as tax,
  l.fee - least(l.fee, b.part) as fee,
  b.total - b.part - l.fee + least(l.fee, b.part) as net, l.fee - b.fee as extra_fee
from wallets_due_terms b
cross join lateral (select least(greatest(b.fee, 0), b.total - b.tax) as fee) l;

-- wallets_due of every invoice. The fence lets each sum be computed once, and no condition through: one
-- invoice is asked of wallets_due.
create view wallets_every_due as
select b.id, b.uuid, b.number, b.kind, b.status, b.currency, b.seller_id, b.milestone_id, b.paid_at,
  b.total - b.part as total, b.tax - greatest(b.part - b.total + b.tax, 0) as tax,
  l.fee - least(l.fee, b.part) as fee,
  b.total - b.part - l.fee + least(l.fee, b.part) as net, l.fee - b.fee as extra_fee
from (select * from wallets_due_terms offset 0) b
cross join lateral (select least(greatest(b.fee, 0), b.total - b.tax) as fee) l;
