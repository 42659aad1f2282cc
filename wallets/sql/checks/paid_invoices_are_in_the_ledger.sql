-- Each paid invoice has one settlement journal with exactly its total, net and fee; no other has.
select 'invoice ' || i.number as subject,
       i.status || '; ledger took ' || coalesce(e.taken, 0) || ', credited ' || coalesce(e.credited, 0)
         || ', fee ' || coalesce(e.fee, 0) as difference
from invoicing_invoice i
join wallets_currency w on w.code = i.currency
left join wallets_journal j on j.key = 'settle:inv_' || replace(i.uuid::text, '-', '')
left join lateral (
  select -sum(x.amount) filter (where a.kind = 'outside') as taken,
         sum(x.amount) filter (
           where a.kind = 'available' and a.owner = 'user:' || i.seller_id) as credited,
         sum(x.amount) filter (where a.kind = 'fees') as fee
  from wallets_entry x
  join wallets_account a on a.id = x.account_id
  where x.journal_id = j.id and x.currency = i.currency
) e on true
where case
  when i.status = 'paid' then
    coalesce(e.taken, 0) <> i.total * 10::numeric ^ w.exponent
    or coalesce(e.credited, 0) <> i.net * 10::numeric ^ w.exponent
    or coalesce(e.fee, 0) <> i.fee * 10::numeric ^ w.exponent
  else j.id is not null
end
