-- Each clearing is the net amount of a paid invoice, or of a part payment of one; it is cleared exactly when its journal moved
-- what credit notes left of that amount, and until then a job waits for it. No other journal clears.
select 'invoice ' || coalesce(i.number, j.key) as subject,
       coalesce(c.amount_minor || ' to clear', 'no clearing') || coalesce(', cleared at '
         || c.cleared_at, '') || '; ledger moved ' || coalesce(e.moved, 0) as difference
from wallets_clearing c
join invoicing_invoice i on i.id = c.invoice_id
join wallets_due d on d.id = i.id
left join wallets_payment p on p.id = c.part_id
left join (
  select j.about_id, sum(e.amount) as net
  from wallets_journal j
  join wallets_entry e on e.journal_id = j.id
  join wallets_account a on a.id = e.account_id and a.kind in ('available', 'pending')
  where j.kind = 'part_payment'
  group by j.about_id
) part on part.about_id = c.part_id
full join wallets_journal j
  on j.key = 'clear:' || coalesce('pay_' || replace(p.uuid::text, '-', ''),
    'inv_' || replace(i.uuid::text, '-', ''))
left join lateral (
  select sum(x.amount) filter (
           where a.kind = 'available' and a.owner = 'user:' || c.user_id) as moved
  from wallets_entry x
  join wallets_account a on a.id = x.account_id
  where x.journal_id = j.id and x.currency = c.currency
) e on true
left join outbox_job job
  on job.topic = 'clearing.due'
 and job.key = coalesce('pay_' || replace(p.uuid::text, '-', ''), 'inv_' || replace(i.uuid::text, '-', ''))
 and job.done_at is null and job.dead_at is null
where (c.id is not null or j.kind = 'clearing')
  and (c.id is null
    or c.part_id is null and (i.paid_at is null or c.amount_minor <> d.net)
    or c.part_id is not null and (
      p.invoice_id is distinct from i.id or c.amount_minor is distinct from part.net)
    or c.currency <> i.currency or c.user_id <> i.seller_id
    or (c.cleared_at is null) <> (j.id is null)
    or (c.cleared_at is not null and coalesce(e.moved, 0) <> c.amount_minor - c.taken_minor)
    or (c.cleared_at is null and job.id is null and c.taken_minor < c.amount_minor))
