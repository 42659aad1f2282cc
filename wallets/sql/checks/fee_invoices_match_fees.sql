-- A fee invoice is what the ledger took from its freelancer in its month and currency, and its credit
-- note what the ledger gave back. Each month that is over by two days is billed, but for what went back
-- before the first fee invoice that its note could name.
with owned as materialized (
  -- All accounts, so that the planner expects many entries and not those of one account among many.
  select id, owner = 'platform' and kind = 'fees' as is_fees from wallets_account
), posted as (
  select case when e.amount > 0 then 'fee' else 'fee_credit' end as kind,
    coalesce(w.user_id, i.seller_id) as user_id,
    e.currency::text as currency, date_trunc('month', j.posted_at at time zone 'UTC')::date as month,
    sum(abs(e.amount)) as amount
  from owned a
  join wallets_entry e on e.account_id = a.id
  join wallets_journal j on j.id = e.journal_id
  left join wallets_payment p on p.id = case j.about_type when 'payment' then j.about_id end
  left join invoicing_invoice i
    on i.id = case j.about_type when 'invoice' then j.about_id else p.invoice_id end
  left join wallets_withdrawal w on w.id = case j.about_type when 'withdrawal' then j.about_id end
  where a.is_fees
  group by 1, 2, 3, 4
)
select coalesce('fee invoice ' || f.number, 'user ' || coalesce(p.user_id::text, 'unknown')) as subject,
       coalesce(f.month, p.month) || ' ' || coalesce(f.currency, p.currency) || ' '
         || coalesce(f.kind, p.kind) || ': ' || coalesce(f.total_minor, 0) || ' billed, ledger moved '
         || coalesce(p.amount, 0) as difference
from posted p
full join invoicing_feeinvoice f
  on (f.kind, f.freelancer_id, f.currency, f.month) = (p.kind, p.user_id, p.currency, p.month)
where coalesce(f.total_minor, 0) <> coalesce(p.amount, 0)
  and (f.id is not null
    or p.month < date_trunc('month', (now() - interval '2 days') at time zone 'UTC')::date)
  and (f.id is not null or p.kind = 'fee' or exists (
    select from invoicing_feeinvoice named
    where named.kind = 'fee' and named.freelancer_id = p.user_id and named.currency = p.currency
      and named.issued_at < now() - interval '2 days'))
