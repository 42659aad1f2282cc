-- What is reserved of a wallet is the sum of its open withdrawals and of the holds of staff.
select 'account ' || a.id || ' ' || a.owner as subject,
       b.held || ' reserved, ' || coalesce(w.total, 0) || ' explained' as difference
from wallets_account a
join wallets_balance b on b.account_id = a.id
left join (
  select 'user:' || user_id as owner, currency, sum(amount_minor)::bigint as total
  from (
    select user_id, currency, amount_minor from wallets_withdrawal
    where status in ('requested', 'approved', 'sending', 'uncertain')
    union all
    select user_id, currency, amount_minor from wallets_hold where released_at is null
  ) reason
  group by user_id, currency
) w on w.owner = a.owner and w.currency = a.currency and a.kind = 'available'
where b.held <> coalesce(w.total, 0)
union all
select 'user ' || w.user_id, 'reserves ' || w.currency || ' of no account'
from (
  select user_id, currency from wallets_withdrawal
  where status in ('requested', 'approved', 'sending', 'uncertain')
  union all
  select user_id, currency from wallets_hold where released_at is null
) w
where not exists (
    select from wallets_account a
    where a.owner = 'user:' || w.user_id and a.kind = 'available' and a.currency = w.currency
  )
