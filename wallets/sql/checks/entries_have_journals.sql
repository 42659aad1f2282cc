-- Each entry belongs to a journal.
select 'entry ' || e.journal_id || '/' || e.leg as subject, 'its journal is missing' as difference
from wallets_entry e
where not exists (select from wallets_journal j where j.id = e.journal_id)
