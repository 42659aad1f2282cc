-- Each journal has its audit row, and each audit row that names a journal has one.
select 'journal ' || coalesce(j.key, a.journal_key) as subject,
       case when a.id is null then 'has no audit row' else 'audited but missing' end as difference
from wallets_journal j
full join (
  select id, journal_key from accounts_auditevent where journal_key is not null
) a on a.journal_key = j.key
where a.id is null or j.id is null
