-- Each withdrawal that was paid has its journal over exactly its amount, net and fee; one that came
-- back after that has the journal that reverses it; no other withdrawal has any.
with movement as (
  select j.about_id, j.kind, j.key, j.reverses, j.id,
         sum(e.amount) filter (where a.kind = 'available' and a.owner = 'user:' || w.user_id) as gross,
         sum(e.amount) filter (where a.kind = 'outside' and a.owner = 'provider:' || w.rail) as net,
         coalesce(sum(e.amount) filter (where a.kind = 'fees'), 0) as fee
  from wallets_journal j
  left join wallets_withdrawal w on w.id = j.about_id
  left join wallets_entry e on e.journal_id = j.id
  left join wallets_account a on a.id = e.account_id and a.currency = w.currency
  where j.about_type = 'withdrawal'
  group by j.id, j.about_id, j.kind, j.key, j.reverses
)
select 'withdrawal ' || coalesce(w.id, p.about_id, r.about_id) as subject,
       coalesce(w.status, 'unknown') || ', paid journal ' || coalesce(p.key, 'missing')
         || ', returning journal ' || coalesce(r.key, 'missing') as difference
from wallets_withdrawal w
full join (select * from movement where kind = 'withdrawal') p on p.about_id = w.id
full join (select * from movement where kind = 'reversal') r
  on r.about_id = coalesce(w.id, p.about_id)
where w.id is null
  or (w.paid_at is not null) is distinct from (p.id is not null)
  or (w.paid_at is not null and w.status = 'returned') is distinct from (r.id is not null)
  or p.id is not null and (p.gross, p.net, p.fee, p.key) is distinct from (
    -w.amount_minor, w.amount_minor - w.fee_minor, w.fee_minor,
    'withdraw:wd_' || replace(w.uuid::text, '-', ''))
  or r.id is not null and (r.gross, r.net, r.fee, r.reverses, r.key) is distinct from (
    w.amount_minor, w.fee_minor - w.amount_minor, -w.fee_minor, p.id,
    'return:wd_' || replace(w.uuid::text, '-', ''))
