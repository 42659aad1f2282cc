-- A fee invoice is what the ledger took from its freelancer in its month and currency, and its credit
-- note what the ledger gave back. Each month that is over by two days is billed, but for what went back
-- before the first fee invoice that its note could name.
with moved as (
  select about_type, about_id, seller_id, posted_at, currency, fee_taken, fee_given
  from wallets_posted_and_due
  where kind is not null and currency is not null and (fee_taken > 0 or fee_given > 0)
  union all
  select x.about_type, x.about_id, x.seller_id, x.posted_at, e.currency,
    greatest(e.amount, 0), greatest(-e.amount, 0)
  from wallets_posted_and_due x
  cross join lateral (
    select account_id, currency, amount from wallets_entry where journal_id = x.journal_id offset 0
  ) e
  join wallets_account a on a.id = e.account_id and a.owner = 'platform' and a.kind = 'fees'
  where x.currency is null and x.moved is not null
), told as (
  select seller_id as user_id, posted_at, currency, fee_taken, fee_given
  from moved
  where seller_id is not null
  union all
  select coalesce(w.user_id, i.seller_id), m.posted_at, m.currency, m.fee_taken, m.fee_given
  from moved m
  left join wallets_payment p on p.id = case m.about_type when 'payment' then m.about_id end
  left join invoicing_invoice i
    on i.id = case m.about_type when 'invoice' then m.about_id else p.invoice_id end
  left join wallets_withdrawal w on w.id = case m.about_type when 'withdrawal' then m.about_id end
  where m.seller_id is null
), monthly as (
  select user_id, currency::text as currency,
    date_trunc('month', posted_at at time zone 'UTC')::date as month,
    sum(fee_taken) as fee, sum(fee_given) as fee_credit
  from told
  group by 1, 2, 3
), posted as (
  select k.kind, m.user_id, m.currency, m.month, k.amount
  from monthly m
  cross join lateral (values ('fee', m.fee), ('fee_credit', m.fee_credit)) k(kind, amount)
  where k.amount > 0
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
