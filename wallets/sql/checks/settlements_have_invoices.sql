-- Each settlement in the ledger is about one invoice, under that invoice's key.
select 'journal ' || j.id || ' ' || j.key as subject, 'names no such invoice' as difference
from wallets_journal j
left join invoicing_invoice i on i.id = j.about_id and j.about_type = 'invoice'
where j.kind = 'settlement'
  and j.key is distinct from 'settle:inv_' || replace(i.uuid::text, '-', '')
