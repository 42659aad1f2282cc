-- Each journal since the last green run has its audit row.
select 'journal ' || j.key as subject, 'has no audit row' as difference
from (select distinct journal_id from wallets_recent_entries()) r
join wallets_journal j on j.id = r.journal_id
where not exists (select from accounts_auditevent a where a.journal_key = j.key)
