-- Each journal has entries, and they add up to zero in each currency.
select 'journal ' || j.id || ' ' || j.key as subject,
       coalesce(e.currency || ' adds up to ' || e.total, 'has no entries') as difference
from (
  select journal_id from wallets_posted_and_due
  where journal_id is not null and (moved is distinct from 0 or currency is null)
) x
join wallets_journal j on j.id = x.journal_id
left join lateral (
  select currency, sum(amount) as total
  from wallets_entry
  where journal_id = x.journal_id
  group by currency
) e on true
where e.total is distinct from 0
