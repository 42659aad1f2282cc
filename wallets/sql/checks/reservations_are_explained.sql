-- What is reserved of a wallet is the sum of its open withdrawals and of the holds of staff; what is
-- reserved of credit is the sum of what is on its way back.
with reason as (
  select 'user:' || user_id as owner,
         case when payment_id is null then 'available' else 'credit' end as kind, currency,
         amount_minor
  from wallets_withdrawal
  where status in ('requested', 'approved', 'sending', 'uncertain')
  union all
  select 'user:' || user_id, 'available', currency, amount_minor
  from wallets_hold where released_at is null
  union all
  select 'user:' || p.payer_id, 'credit', p.currency, t.amount_minor
  from wallets_takeback t
  join wallets_payment p on p.id = t.payment_id
  where t.status in ('processing', 'uncertain')
)
select 'account ' || a.id || ' ' || a.owner as subject,
       b.held || ' reserved, ' || coalesce(w.total, 0) || ' explained' as difference
from wallets_account a
join wallets_balance b on b.account_id = a.id
left join (
  select owner, kind, currency, sum(amount_minor)::bigint as total
  from reason
  group by owner, kind, currency
) w on w.owner = a.owner and w.currency = a.currency and w.kind = a.kind
where b.held <> coalesce(w.total, 0)
union all
select w.owner, 'reserves ' || w.currency || ' of no account'
from reason w
where not exists (
    select from wallets_account a
    where a.owner = w.owner and a.kind = w.kind and a.currency = w.currency
  )
