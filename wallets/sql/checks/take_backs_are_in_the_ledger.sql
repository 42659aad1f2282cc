-- Each take-back that succeeded has one journal, from the payer's credit to the provider that the money
-- came by; no other journal takes credit back. No payment gave back more than it brought, to nobody
-- but its payer; what the bank paid by the word of staff did leave, whatever the payment brought.
with expected as (
  select t.id, 'take_back:tbk_' || replace(t.uuid::text, '-', '') as key, t.amount_minor,
    'user:' || p.payer_id as source, 'provider:' || p.provider as target, p.currency
  from wallets_takeback t
  join wallets_payment p on p.id = t.payment_id
  where t.status = 'succeeded'
), posted as (
  select j.key, j.about_type, j.about_id, max(e.currency) as currency,
    -sum(e.amount) filter (where a.kind = 'credit') as taken,
    sum(e.amount) filter (where a.kind = 'outside') as given,
    max(a.owner) filter (where a.kind = 'credit') as source,
    max(a.owner) filter (where a.kind = 'outside') as target
  from wallets_journal j
  left join wallets_entry e on e.journal_id = j.id
  left join wallets_account a on a.id = e.account_id
  where j.kind = 'take_back'
  group by j.id
)
select coalesce(x.key, l.key) as subject,
       coalesce('took back ' || x.amount_minor, 'no take-back') || '; ledger took '
         || coalesce(l.taken, 0) || ', gave ' || coalesce(l.given, 0) as difference
from expected x
full join posted l on l.key = x.key
where (x.id, x.amount_minor, x.amount_minor, x.source, x.target, x.currency, 'take_back')
  is distinct from (l.about_id, l.taken, l.given, l.source, l.target, l.currency, l.about_type)
union all
select 'payment pay_' || replace(p.uuid::text, '-', ''),
       p.status || ' with ' || coalesce(p.received_minor, 0) || ', took back ' || sum(t.amount_minor)
from wallets_payment p
join wallets_takeback t on t.payment_id = p.id and t.status <> 'failed'
group by p.id
having p.status <> 'succeeded' or p.provider in ('credit', 'held', 'bank')
    or sum(t.amount_minor) > p.received_minor
union all
select 'payment pay_' || replace(p.uuid::text, '-', ''),
       p.provider || ' ' || p.status || ' with ' || coalesce(p.received_minor, 0)
         || ', transferred back ' || sum(w.amount_minor)
from wallets_payment p
join wallets_withdrawal w
  on w.payment_id = p.id and w.status not in ('rejected', 'cancelled', 'returned')
group by p.id
having p.status <> 'succeeded' or p.provider <> 'bank'
    or sum(w.amount_minor) filter (where w.resolution <> 'paid') > p.received_minor
    or bool_or((w.user_id, w.currency) <> (p.payer_id, p.currency))
