-- What paying an invoice takes, in minor units, after the notes that were issued before it was paid.
-- A fee that rounding over the project makes too large or too small for what is left of its invoice
-- is posted with its note: extra_fee is what those journals gave back beyond it.
create or replace view wallets_due as
select b.id, b.total, b.tax, l.fee, b.total - l.fee as net, l.fee - b.fee as extra_fee
from (
  select i.id,
    ((i.total - coalesce(n.total, 0)) * 10::numeric ^ w.exponent)::bigint as total,
    ((i.tax - coalesce(n.tax, 0)) * 10::numeric ^ w.exponent)::bigint as tax,
    ((i.fee - coalesce(n.fee, 0)) * 10::numeric ^ w.exponent)::bigint as fee
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

alter table wallets_journal drop constraint wallets_journal_kind_valid;
alter table wallets_journal add constraint wallets_journal_kind_valid check (
  kind in ('settlement', 'clearing', 'withdrawal', 'reversal', 'funding', 'top_up', 'release',
    'take_back', 'credit_note', 'debt_payment', 'addition')
);
