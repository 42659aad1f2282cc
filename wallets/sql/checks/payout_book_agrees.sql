-- What the payout provider's own book says is what became of the withdrawals here, one by one; a
-- withdrawal may be on its way for a quarter of an hour, and a frozen one waits for staff.
with told as (
  select nullif(current_setting('tranche.payout_book', true), '')::jsonb as book
), line as (
  select l.*
  from told cross join lateral jsonb_to_recordset(told.book -> 'lines')
    as l(key text, result text, amount_minor bigint, currency text, at timestamptz)
), own as (
  select 'wd_' || replace(uuid::text, '-', '') as key, status, currency, sent_at, ended_at,
         amount_minor - fee_minor as net, frozen_at
  from wallets_withdrawal, told
  where rail = 'sandbox' and told.book ->> 'error' is null and told.book is not null
)
select 'the provider''s book' as subject, book ->> 'error' as difference
from told
where book ->> 'error' is not null
union all
select 'withdrawal ' || coalesce(own.key, line.key),
       coalesce(own.status, 'unknown') || ' here, '
         || coalesce(line.result || ' ' || line.amount_minor || ' ' || line.currency, 'unknown')
         || ' at the provider'
from own
full join line on line.key = own.key
where case
    when own.key is null then line.at < now() - interval '1 minute'
    when own.frozen_at is not null then false
    when own.status = 'paid' then
      line.result is distinct from 'paid' and (
        line.result is distinct from 'returned' or line.at < now() - interval '15 minutes')
      or (line.amount_minor, line.currency) is distinct from (own.net, own.currency)
    when own.status = 'returned' then line.result = 'paid'
    when own.status in ('sending', 'uncertain') then own.sent_at < now() - interval '15 minutes'
    else line.result is not null
  end
