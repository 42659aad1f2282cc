-- Each entry belongs to a journal.
select 'entry ' || journal_id || '/' || leg as subject, 'its journal is missing' as difference
from wallets_every_break
where not has_journal
