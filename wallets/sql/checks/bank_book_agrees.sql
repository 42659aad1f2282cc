-- What the bank's statements say is what the ledger says: each statement adds up, each line that is
-- matched is explained to the last unit, each match has its journal or payment, and a withdrawal that was paid or
-- came back while statements cover it has its line. A file booked in one sum has 15 minutes to be matched.
with outside as (
  select j.key, e.currency, sum(e.amount) as moved
  from wallets_journal j
  join wallets_entry e on e.journal_id = j.id
  join wallets_account a on a.id = e.account_id
  where j.about_type = 'withdrawal' and a.kind = 'outside' and a.owner = 'provider:bank_file'
  group by j.key, e.currency
), done as (
  select m.*, l.amount_minor as booked, b.currency
  from wallets_bankmatch m
  join wallets_bankstatementline l on l.id = m.line_id
  join wallets_bankaccount b on b.id = l.account_id
  where m.status = 'done'
), covered as (
  select b.currency, min(s.from_on) as first, max(s.to_on) as last
  from wallets_bankstatement s join wallets_bankaccount b on b.id = s.account_id
  group by b.currency
)
select 'bank statement ' || s.id as subject,
       s.opening_minor || ' and ' || coalesce(sum(l.amount_minor), 0) + s.known_minor
         || ' are not ' || s.closing_minor || ', or lines are missing' as difference
from wallets_bankstatement s
left join wallets_bankstatementline l on l.statement_id = s.id
group by s.id
having s.opening_minor + coalesce(sum(l.amount_minor), 0) + s.known_minor <> s.closing_minor
  or count(l.id) + s.known_count <> s.line_count
union all
select 'bank line ' || line_id,
       booked || ' booked, ' || sum(amount_minor + difference_minor) || ' explained'
from done
group by line_id, booked
having sum(amount_minor + difference_minor) <> booked
  and not (bool_and(made_by_id is null and kind = 'paid')
    and sum(amount_minor) > booked and max(made_at) > now() - interval '15 minutes')
union all
select 'bank match ' || d.id,
       d.kind || ' ' || d.amount_minor || ' ' || d.currency || ', ledger moved '
         || coalesce(o.moved::text, 'nothing')
from done d
left join wallets_withdrawal w on w.id = d.withdrawal_id
left join outside o on o.currency = d.currency and o.key =
  case d.kind when 'paid' then 'withdraw' else 'return' end
    || ':wd_' || replace(w.uuid::text, '-', '')
where d.kind in ('paid', 'returned') and o.moved is distinct from -d.amount_minor
union all
select coalesce('bank match ' || d.id, 'payment ' || p.id),
       coalesce(d.amount_minor || ' ' || d.currency, 'nothing') || ' on a statement, '
         || coalesce(p.received_minor || ' ' || p.currency, 'nothing') || ' received'
from (select * from done where kind = 'received') d
full join (select * from wallets_payment where provider = 'bank') p on p.id = d.payment_id
where (d.amount_minor, d.currency) is distinct from (p.received_minor, p.currency::text)
union all
select 'withdrawal ' || w.id,
       w.status || ', and not one line of a bank statement until ' || c.last || ' says so'
from wallets_withdrawal w
join covered c on c.currency = w.currency
cross join lateral (values ('paid', w.paid_at), ('returned', w.ended_at)) as k(kind, at)
where w.rail = 'bank_file' and w.paid_at is not null
  and (k.kind = 'paid' or w.status = 'returned')
  and w.sent_at::date >= c.first and k.at::date + 5 <= c.last
  and (
    select count(*) from wallets_bankmatch m
    where m.withdrawal_id = w.id and m.kind = k.kind and m.status in ('proposed', 'done')
  ) <> 1
