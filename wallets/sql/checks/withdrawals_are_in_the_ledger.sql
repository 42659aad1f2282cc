-- Each withdrawal that was paid has its journal over exactly its amount, net and fee; one that came
-- back after that has the journal that reverses it; no other withdrawal has any. One that was paid
-- after it had come back has a journal for each time; what its wallet lacked then is owed. What goes
-- back to where a bank transfer came from is taken from its payer's credit.
with movement as (
  select j.about_id, j.kind, j.key, j.reverses, j.id,
         coalesce(sum(e.amount) filter (
           where a.owner = 'user:' || w.user_id and case when w.payment_id is null
             then a.kind in ('available', 'debt') else a.kind = 'credit' end), 0) as gross,
         coalesce(sum(e.amount) filter (
           where a.kind = 'outside' and a.owner = 'provider:' || w.rail), 0) as net,
         coalesce(sum(e.amount) filter (where a.kind = 'fees'), 0) as fee
  from wallets_journal j
  left join wallets_withdrawal w on w.id = j.about_id
  left join wallets_entry e on e.journal_id = j.id
  left join wallets_account a on a.id = e.account_id and a.currency = w.currency
  where j.about_type = 'withdrawal'
  group by j.id, j.about_id, j.kind, j.key, j.reverses
), numbered as (
  select m.*, row_number() over (partition by m.about_id, m.kind order by m.id) as number
  from movement m
), paid as (
  select * from numbered where kind = 'withdrawal'
), returned as (
  select * from numbered where kind = 'reversal'
), book as (
  select coalesce(p.about_id, r.about_id) as about_id, p.key as paid_key, r.key as returned_key,
         p.gross, p.net, p.fee, coalesce(p.number, r.number) as number,
         p.id is null or r.id is not null and (r.gross, r.net, r.fee, r.reverses)
           is distinct from (-p.gross, -p.net, -p.fee, p.id) as is_wrong
  from paid p
  full join returned r on r.about_id = p.about_id and r.number = p.number
)
select 'withdrawal ' || coalesce(w.id, b.about_id) as subject,
       coalesce(w.status, 'unknown') || ', paid journal ' || coalesce(b.paid_key, 'missing')
         || ', returning journal ' || coalesce(b.returned_key, 'missing') as difference
from wallets_withdrawal w
full join book b on b.about_id = w.id
cross join lateral (
  select 'wd_' || replace(w.uuid::text, '-', '')
    || case when b.number > 1 then ':' || b.number else '' end as name,
    not exists (
      select from paid later where later.about_id = b.about_id and later.number > b.number
    ) as is_last
) k
where w.id is null
  or (w.paid_at is not null) is distinct from (b.about_id is not null)
  or b.about_id is not null and (
    b.is_wrong
    or (b.gross, b.net, b.fee, b.paid_key) is distinct from (
      -w.amount_minor, w.amount_minor - w.fee_minor, w.fee_minor, 'withdraw:' || k.name)
    or b.returned_key is not null and b.returned_key <> 'return:' || k.name
    or (not k.is_last or w.status = 'returned') is distinct from (b.returned_key is not null))
