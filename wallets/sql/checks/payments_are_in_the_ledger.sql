-- Each payment that succeeded has one journal, which takes what was received from where it came and
-- puts aside what it funds; what is left after an invoice is credit. No other journal funds or tops up.
with expected as (
  select p.id, p.currency, p.uuid, p.provider, p.payer_id, p.outcome, p.received_minor, d.milestone_id,
    case when d.id is not null and p.outcome in ('exact', 'over') then 'invoice' else 'payment' end
      as about_type,
    case when d.id is not null and p.outcome in ('exact', 'over') then d.id else p.id end as about_id,
    coalesce(f.held, 0) as held,
    p.received_minor - coalesce(f.held, 0) - case
      when d.id is not null and p.outcome in ('exact', 'over')
        then d.total when p.outcome = 'part' then p.amount_minor else 0
    end as credit
  from wallets_payment p
  left join wallets_every_due d on d.id = p.invoice_id
  left join (
    select payment_id, sum(amount_minor) filter (where status in ('held', 'returned')) as held
    from wallets_milestonefunding group by payment_id
  ) f on f.payment_id = p.id
  where p.status = 'succeeded'
), owned as materialized (
  select id, owner, kind = 'held' as is_held, kind = 'credit' as is_credit from wallets_account
), moved as (
  -- In order, so that no table of all journals is built: entries lie by journal already.
  select e.journal_id, min(e.currency) as first_currency, max(e.currency) as last_currency,
    min(e.account_id) filter (where e.leg = 1) as source_id,
    -sum(e.amount) filter (where e.leg = 1) as taken,
    coalesce(sum(e.amount) filter (where e.is_held and e.leg > 1), 0) as held,
    coalesce(sum(e.amount) filter (where e.is_credit and e.leg > 1), 0) as credit,
    max(e.owner) filter (where e.is_credit and e.leg > 1) as payer
  from (
    select x.journal_id, x.leg, x.account_id, x.amount, x.currency, a.owner, a.is_held, a.is_credit
    from wallets_entry x
    join owned a on a.id = x.account_id
    order by x.journal_id
  ) e
  group by e.journal_id
), posted as (
  select j.key, j.kind, j.about_type, j.about_id, m.*
  from wallets_journal j
  join moved m on m.journal_id = j.id
  where j.kind in ('settlement', 'funding', 'top_up', 'part_payment')
)
select coalesce('payment pay_' || replace(x.uuid::text, '-', ''), 'journal ' || l.key) as subject,
       coalesce('received ' || x.received_minor || ', held ' || x.held || ', credit ' || x.credit,
           'no payment')
         || '; ledger took ' || coalesce(l.taken, 0) || ', held ' || coalesce(l.held, 0)
         || ', credit ' || coalesce(l.credit, 0) as difference
from expected x
full join posted l
  on l.about_id = x.about_id and l.about_type = x.about_type
left join wallets_account s on s.id = l.source_id
where x.id is null and l.kind in ('funding', 'top_up', 'part_payment')
   or x.id is not null and (
     l.key is null or l.first_currency <> x.currency or l.last_currency <> x.currency
     or l.held <> x.held or l.payer <> 'user:' || x.payer_id
     or s.owner <> case x.provider
       when 'credit' then 'user:' || x.payer_id
       when 'held' then 'milestone:' || x.milestone_id
       else 'provider:' || x.provider
     end
     or l.kind <> 'settlement' and l.key <> case
         when x.outcome = 'part' then 'part:' when x.held > 0 then 'fund:' else 'receive:'
       end || 'pay_' || replace(x.uuid::text, '-', '')
     -- What an invoice differs from the funds held for it is given to credit or taken from it.
     or case x.provider
       when 'held' then l.taken - l.credit <> x.received_minor
       else l.taken <> x.received_minor or l.credit <> x.credit
     end
   )
