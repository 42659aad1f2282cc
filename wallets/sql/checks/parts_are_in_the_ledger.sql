-- What an invoice says was paid of it in part is its one part payment that was not undone. The journal of
-- each takes the part from where the payment says, and divides it between the seller, or what they owe,
-- and the platform; that of an undone one gives exactly as much back, to the buyer's credit. The fee of
-- the standing one comes first.
with posted as (
  select j.id, j.kind, j.key, j.about_id, j.reverses,
    coalesce(sum(e.amount) filter (where a.owner = 'user:' || i.seller_id
      and a.kind in ('pending', 'available', 'debt')), 0) as seller,
    coalesce(sum(e.amount) filter (where a.kind = 'fees'), 0) as fee,
    coalesce(sum(e.amount) filter (
      where a.owner = 'user:' || i.buyer_id and a.kind = 'credit'), 0) as credit
  from wallets_journal j
  left join wallets_payment p on p.id = j.about_id and j.about_type = 'payment' and p.outcome = 'part'
  left join invoicing_invoice i on i.id = p.invoice_id
  left join wallets_entry e on e.journal_id = j.id and e.currency = p.currency
  left join wallets_account a on a.id = e.account_id
  where j.kind in ('part_payment', 'part_return')
  group by j.id
), part as (
  select p.*, 'part:pay_' || replace(p.uuid::text, '-', '') as key,
    'unpart:pay_' || replace(p.uuid::text, '-', '') as back
  from wallets_payment p
  where p.outcome = 'part'
)
select 'journal ' || l.key as subject, 'names no such part payment' as difference
from posted l
left join part p on p.id = l.about_id
  and l.key = case l.kind when 'part_payment' then p.key else p.back end
where p.id is null
union all
select 'payment ' || p.key,
       p.amount_minor || '; ledger credited ' || coalesce(l.seller, 0) || ', fee '
         || coalesce(l.fee, 0) || '; gave back ' || b.credit || ', took ' || b.seller
         || ', fee ' || b.fee
from part p
left join posted l on l.key = p.key
left join posted b on b.key = p.back
where coalesce(l.seller + l.fee, 0) <> p.amount_minor
  or b.id is not null and ((b.credit, b.seller, b.fee) <> (p.amount_minor, -l.seller, -l.fee)
    or b.reverses is distinct from l.id)
union all
select 'invoice ' || i.number,
       i.status || ', paid in part ' || i.part_paid || '; part payments '
         || coalesce(s.amount, 0) || ', fee ' || coalesce(s.fee, 0)
from invoicing_invoice i
join wallets_currency w on w.code = i.currency
left join (
  select p.invoice_id, count(*) as count, sum(p.amount_minor) as amount, sum(l.fee) as fee
  from part p
  left join posted l on l.key = p.key
  where not exists (select from posted b where b.key = p.back)
  group by p.invoice_id
) s on s.invoice_id = i.id
left join (
  select n.credits_id, sum(n.fee) as fee
  from invoicing_invoice n where n.credits_id is not null and n.paid_at is null
  group by n.credits_id
) n on n.credits_id = i.id
where (i.part_paid <> 0 or s.invoice_id is not null) and (
  i.part_paid * 10::numeric ^ w.exponent <> coalesce(s.amount, 0)
  or s.count > 1
  or s.fee <> least(
    greatest((i.fee - coalesce(n.fee, 0)) * 10::numeric ^ w.exponent, 0), s.amount))
