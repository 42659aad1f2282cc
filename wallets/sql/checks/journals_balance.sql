-- Each journal has entries, and they add up to zero in each currency.
select 'journal ' || j.id || ' ' || j.key as subject,
       coalesce(e.currency || ' adds up to ' || e.total, 'has no entries') as difference
from wallets_journal j
left join (
  select journal_id, currency, sum(amount) as total
  from wallets_entry
  group by journal_id, currency
) e on e.journal_id = j.id
where e.total is distinct from 0
