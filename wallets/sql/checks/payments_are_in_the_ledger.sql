-- Each payment that succeeded has one journal, which takes what was received from where it came and
-- puts aside what it funds; what is left after an invoice is credit. No other journal funds or tops up.
with expected as (
  select p.id, p.currency, p.uuid, p.provider, p.payer_id, p.outcome, p.received_minor, p.amount_minor,
    p.invoice_id, k.is_whole, case when k.is_whole then 'invoice' else 'payment' end as about_type,
    case when k.is_whole then p.invoice_id else p.id end as about_id, coalesce(f.held, 0) as held
  from wallets_payment p
  cross join lateral (
    select p.invoice_id is not null and p.outcome in ('exact', 'over') as is_whole
  ) k
  left join (
    select payment_id, sum(amount_minor) filter (where status in ('held', 'returned')) as held
    from wallets_milestonefunding group by payment_id
  ) f on f.payment_id = p.id
  where p.status = 'succeeded'
), posted as (
  select *, coalesce(about_type, 'invoice') as of_type, coalesce(about_id, invoice_id) as of_id
  from wallets_posted_and_due
  where kind is null
     or kind in ('settlement', 'funding', 'top_up', 'part_payment') and moved is not null
)
select coalesce('payment pay_' || replace(x.uuid::text, '-', ''), 'journal ' || (
         select key from wallets_journal where id = l.journal_id)) as subject,
       coalesce('received ' || x.received_minor || ', held ' || x.held || ', credit ' || k.credit,
           'no payment')
         || '; ledger took ' || coalesce(l.source_took, 0) || ', held ' || coalesce(l.held, 0)
         || ', credit ' || coalesce(l.credit, 0) as difference
from expected x
full join posted l on l.of_id = x.about_id and l.of_type = x.about_type
left join wallets_account s on s.id = l.source_id
cross join lateral (
  select x.received_minor - x.held - case
    when x.is_whole then coalesce(l.due_total, 0) when x.outcome = 'part' then x.amount_minor else 0
  end as credit
) k
where x.id is null and l.kind in ('funding', 'top_up', 'part_payment')
   or x.id is not null and (
     l.journal_id is null or x.is_whole and l.invoice_id is null
     or l.currency is distinct from x.currency
     or coalesce(l.held, 0) <> x.held or l.payer_id <> x.payer_id
     or s.owner <> case x.provider
       when 'credit' then 'user:' || x.payer_id
       when 'held' then 'milestone:' || coalesce(l.milestone_id, (
         select milestone_id from invoicing_invoice where id = x.invoice_id))
       else 'provider:' || x.provider
     end
     or l.kind <> 'settlement' and case
         when x.outcome = 'part' then 'part:' when x.held > 0 then 'fund:' else 'receive:'
       end || 'pay_' || replace(x.uuid::text, '-', '') <> (
         select key from wallets_journal where id = l.journal_id)
     -- What an invoice differs from the funds held for it is given to credit or taken from it.
     or case x.provider
       when 'held' then l.source_took - coalesce(l.credit, 0) <> x.received_minor
       else l.source_took <> x.received_minor or coalesce(l.credit, 0) <> k.credit
     end
   )
