-- What is pending on an account is what its user's clearings still wait for.
select 'user ' || coalesce(p.user_id, c.user_id) || ' ' || coalesce(p.currency, c.currency)
         as subject,
       coalesce(p.posted, 0) || ' pending, ' || coalesce(c.waiting, 0) || ' in clearing'
         as difference
from (
  select substr(a.owner, 6)::bigint as user_id, a.currency::text, sum(b.posted) as posted
  from wallets_account a
  join wallets_balance b on b.account_id = a.id
  where a.kind = 'pending'
  group by 1, 2
) p
full join (
  select user_id, currency::text, sum(amount_minor - taken_minor) as waiting
  from wallets_clearing
  where cleared_at is null
  group by 1, 2
) c using (user_id, currency)
where coalesce(p.posted, 0) <> coalesce(c.waiting, 0)
