-- What is reserved of a wallet is the sum of its open withdrawals.
select 'account ' || a.id || ' ' || a.owner as subject,
       b.held || ' reserved, ' || coalesce(w.total, 0) || ' explained' as difference
from wallets_account a
join wallets_balance b on b.account_id = a.id
left join (
  select 'user:' || user_id as owner, currency, sum(amount_minor)::bigint as total
  from wallets_withdrawal
  where status in ('requested', 'approved', 'sending', 'uncertain')
  group by user_id, currency
) w on w.owner = a.owner and w.currency = a.currency and a.kind = 'available'
where b.held <> coalesce(w.total, 0)
union all
select 'withdrawals of ' || w.user_id || ' in ' || w.currency, 'no account that could reserve them'
from wallets_withdrawal w
where w.status in ('requested', 'approved', 'sending', 'uncertain')
  and not exists (
    select from wallets_account a
    where a.owner = 'user:' || w.user_id and a.kind = 'available' and a.currency = w.currency
  )
