-- The journals since the last green run add up to zero in each currency.
select 'journal ' || e.journal_id as subject, e.currency || ' adds up to ' || sum(e.amount) as difference
from (select distinct journal_id from wallets_recent_entries()) r
join wallets_entry e on e.journal_id = r.journal_id
group by e.journal_id, e.currency
having sum(e.amount) <> 0
