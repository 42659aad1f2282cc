-- Each payment that succeeded has one journal, which takes what was received from where it came and
-- puts aside what it funds; what is left after an invoice is credit. No other journal funds or tops up.
with expected as (
  select p.id, p.currency, 'pay_' || replace(p.uuid::text, '-', '') as name,
    case
      when i.id is not null and p.outcome in ('exact', 'over')
        then 'settle:inv_' || replace(i.uuid::text, '-', '')
      when p.outcome = 'part' then 'part:pay_' || replace(p.uuid::text, '-', '')
      when f.held > 0 then 'fund:pay_' || replace(p.uuid::text, '-', '')
      else 'receive:pay_' || replace(p.uuid::text, '-', '')
    end as key,
    case p.provider
      when 'credit' then 'user:' || p.payer_id
      when 'held' then 'milestone:' || i.milestone_id
      else 'provider:' || p.provider
    end as source,
    p.received_minor, coalesce(f.held, 0) as held, 'user:' || p.payer_id as payer, p.provider,
    p.received_minor - coalesce(f.held, 0) - case
      when i.id is not null and p.outcome in ('exact', 'over')
        then d.total when p.outcome = 'part' then p.amount_minor else 0
    end as credit
  from wallets_payment p
  left join invoicing_invoice i on i.id = p.invoice_id
  left join wallets_due d on d.id = p.invoice_id
  left join (
    select payment_id, sum(amount_minor) filter (where status in ('held', 'returned')) as held
    from wallets_milestonefunding group by payment_id
  ) f on f.payment_id = p.id
  where p.status = 'succeeded'
), posted as (
  select j.key, j.kind, e.currency,
    min(a.owner) filter (where e.leg = 1) as source,
    -sum(e.amount) filter (where e.leg = 1) as taken,
    coalesce(sum(e.amount) filter (where a.kind = 'held' and e.leg > 1), 0) as held,
    coalesce(sum(e.amount) filter (where a.kind = 'credit' and e.leg > 1), 0) as credit,
    max(a.owner) filter (where a.kind = 'credit' and e.leg > 1) as payer
  from wallets_journal j
  join wallets_entry e on e.journal_id = j.id
  join wallets_account a on a.id = e.account_id
  where j.kind in ('settlement', 'funding', 'top_up', 'part_payment')
  group by j.id, e.currency
)
select coalesce('payment ' || x.name, 'journal ' || l.key) as subject,
       coalesce('received ' || x.received_minor || ', held ' || x.held || ', credit ' || x.credit,
           'no payment')
         || '; ledger took ' || coalesce(l.taken, 0) || ', held ' || coalesce(l.held, 0)
         || ', credit ' || coalesce(l.credit, 0) as difference
from expected x
full join posted l on l.key = x.key and l.currency = x.currency
where x.id is null and l.kind in ('funding', 'top_up', 'part_payment')
   or x.id is not null and (
     l.key is null or l.source <> x.source or l.held <> x.held or l.payer <> x.payer
     -- What an invoice differs from the funds held for it is given to credit or taken from it.
     or case x.provider
       when 'held' then l.taken - l.credit <> x.received_minor
       else l.taken <> x.received_minor or l.credit <> x.credit
     end
   )
