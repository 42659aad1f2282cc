-- What several checks of verify_money stand on: views that a proof reads once for all of them.

-- The legs of each journal added up; of what is one in a sound journal (its currency, who earns), null
-- where it is not.
create view wallets_legs as
with owned as materialized (
  select id,
    kind in ('outside', 'held', 'credit') as gives, kind in ('available', 'pending') as earns,
    kind = 'fees' as is_fees, kind = 'fees' and owner = 'platform' as is_platforms,
    kind = 'held' as is_held, kind = 'credit' as is_credit,
    case when owner ~ '^user:[1-9]\d{0,17}$' then substr(owner, 6)::bigint else 0 end as user_id
  from wallets_account
)
select x.journal_id,
  case when min(x.currency) = max(x.currency) then min(x.currency) end as currency,
  sum(x.amount) as moved,
  -sum(x.amount) filter (where x.gives) as taken,
  sum(x.amount) filter (where x.earns) as credited,
  count(*) filter (where x.earns) as earning_legs,
  case when min(x.account_id) filter (where x.earns) = max(x.account_id) filter (where x.earns)
    then min(x.account_id) filter (where x.earns) end as earner_id,
  case when min(x.user_id) filter (where x.earns) = max(x.user_id) filter (where x.earns)
    then min(x.user_id) filter (where x.earns) end as earning_user_id,
  sum(x.amount) filter (where x.is_fees) as fee,
  sum(x.amount) filter (where x.is_platforms and x.amount > 0) as fee_taken,
  -sum(x.amount) filter (where x.is_platforms and x.amount < 0) as fee_given,
  min(x.account_id) filter (where x.leg = 1) as source_id,
  -sum(x.amount) filter (where x.leg = 1) as source_took,
  sum(x.amount) filter (where x.is_held and x.leg > 1) as held,
  sum(x.amount) filter (where x.is_credit and x.leg > 1) as credit,
  max(x.user_id) filter (where x.is_credit and x.leg > 1) as payer_id
from (
  -- In order, so that no table of all journals is built: entries lie by journal already.
  select e.journal_id, e.leg, e.account_id, e.amount, e.currency,
    a.gives, a.earns, a.is_fees, a.is_platforms, a.is_held, a.is_credit, a.user_id
  from wallets_entry e
  left join owned a on a.id = e.account_id
  order by e.journal_id
) x
group by x.journal_id;

-- Each journal with its legs added up, beside the invoice that it settles and what paying that takes; and
-- each invoice that no journal settles.
create view wallets_posted_and_due as
select j.id as journal_id, j.kind, j.about_type, j.about_id, j.posted_at,
  l.currency, l.moved, l.taken, l.credited, l.earning_legs, l.earner_id, l.earning_user_id,
  l.fee, l.fee_taken, l.fee_given, l.source_id, l.source_took, l.held, l.credit, l.payer_id,
  d.id as invoice_id, d.paid_at is not null and d.kind <> 'credit_note' as is_paid,
  d.kind = 'credit_note' as is_note, d.currency as due_currency, d.seller_id, d.milestone_id,
  d.total as due_total, d.tax as due_tax, d.fee as due_fee, d.net as due_net, d.extra_fee
from (
  select *, case when kind = 'settlement' and about_type = 'invoice' then about_id end as settles_id
  from wallets_journal
) j
left join wallets_legs l on l.journal_id = j.id
full join wallets_every_due d on d.id = j.settles_id;

drop function wallets_chain_breaks;
drop function wallets_entry_breaks;

-- Every entry of the journals in the range that does not follow from the one before it in its chain,
-- from its journal and its account. Journals lie together, so a range is read in one go; what is before
-- the first entry of a chain within the range is looked up.
create function wallets_entry_breaks(p_first_journal bigint, p_last_journal bigint)
returns table (
  account_id bigint, shard smallint, seq bigint, journal_id bigint, leg smallint, amount bigint,
  currency char, balance_after bigint, seq_before bigint, balance_before bigint,
  account_currency char, has_journal boolean, problem text
)
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
set work_mem = '256MB' set jit = off set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
  return query
  with fetched as (
    select e.*, near.seq as near_seq, near.balance_after as near_balance,
      near.journal_id as near_journal, near.hash as near_head,
      case when near.seq is null then (
        select p from wallets_entry p
        where p.account_id = e.account_id and p.shard = e.shard and p.seq < e.seq
        order by p.seq desc limit 1
      ) end as far
    from wallets_entry e
    left join wallets_entry near
      on near.account_id = e.account_id and near.shard = e.shard and near.seq = e.seq - 1
      and near.journal_id between p_first_journal and p_last_journal
    where e.journal_id between p_first_journal and p_last_journal
    offset 0
  ), linked as (
    select e.*,
      coalesce(e.near_seq, (e.far).seq, 0) as seq_before,
      coalesce(e.near_balance, (e.far).balance_after, 0) as balance_before,
      coalesce(e.near_journal, (e.far).journal_id) as journal_before,
      coalesce(e.near_head, (e.far).hash) as head_before
    from fetched e
  ), journal as (
    -- Fenced, so that the bytes of a journal are built once and not for each leg.
    select j.id, wallets_journal_bytes(
      j.id, j.kind, j.about_type, j.about_id, j.key, j.reverses, j.posted_at) as bytes
    from wallets_journal j
    where j.id between p_first_journal and p_last_journal
    offset 0
  )
  select e.account_id, e.shard, e.seq, e.journal_id, e.leg, e.amount, e.currency, e.balance_after,
    e.seq_before, e.balance_before, a.currency, j.id is not null,
    case
      when e.seq <> e.seq_before + 1 then 'entries before this one are missing'
      when j.id is null then 'the journal is missing'
      when a.id is null then 'the account is missing'
      when e.currency <> a.currency then 'the currency is not the account''s'
      when e.balance_after <> e.balance_before + e.amount then 'the running balance is wrong'
      when e.journal_id <= e.journal_before then 'the journals are out of order'
      else 'the hash does not follow from the entry'
    end
  from linked e
  left join journal j on j.id = e.journal_id
  left join wallets_account a on a.id = e.account_id
  where e.seq <> e.seq_before + 1
    or e.balance_after <> e.balance_before + e.amount
    or e.journal_id <= e.journal_before
    or e.currency is distinct from a.currency
    or e.hash is distinct from wallets_chain_next(
      coalesce(e.head_before, wallets_chain_start(e.account_id, e.shard, a.owner, a.kind, a.currency)),
      wallets_leg_bytes(
        j.bytes, e.leg, e.account_id, e.shard, e.seq, e.amount, e.currency, e.balance_after))
  order by e.account_id, e.shard, e.seq;
end $$;

-- The same of all journals, in pieces of a million entries; and the places of a chain that two entries
-- have: there are as many entries as places where each follows from one and none is there twice.
create view wallets_every_break as
select b.*
from (
  select coalesce(min(journal_id), 0)::numeric as first, coalesce(max(journal_id), 0) as last,
    greatest(1, ceil((select coalesce(sum(seq), 0) from wallets_balance) / 1000000))::integer as pieces
  from wallets_entry
) every
cross join lateral generate_series(1, every.pieces) n
cross join lateral (
  select every.first + div((every.last - every.first) * (n - 1), every.pieces) as first,
    every.first + div((every.last - every.first) * n, every.pieces) - 1 as last
) piece
cross join lateral wallets_entry_breaks(
  case when n = 1 then -9223372036854775808 else piece.first::bigint end,
  case when n = every.pieces then 9223372036854775807 else piece.last::bigint end
) b
union all
select e.account_id, e.shard, e.seq, e.journal_id, e.leg, e.amount, e.currency, e.balance_after,
  e.seq, e.balance_before, e.currency, true, 'another entry has the same place'
from (
  select account_id, shard from wallets_entry
  group by account_id, shard
  having count(*) <> max(seq)
) chain
cross join lateral (
  select t.*, lag(t.seq) over places as seq_before, lag(t.balance_after) over places as balance_before
  from wallets_entry t
  where t.account_id = chain.account_id and t.shard = chain.shard
  window places as (order by t.seq)
  offset 0
) e
where e.seq = e.seq_before;

revoke execute on function wallets_entry_breaks from public;

-- Called by manage.py provision, after the general grants.
create or replace function wallets_grant(p_role text) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  execute format(
    'revoke all on wallets_currency, wallets_account, wallets_balance, wallets_journal, wallets_entry
     from %I', p_role);
  execute format(
    'grant select on wallets_currency, wallets_account, wallets_balance, wallets_journal, wallets_entry,
       wallets_every_break, wallets_posted_and_due
     to %I', p_role);
  execute format(
    'grant execute on function wallets_open_accounts, wallets_post, wallets_post_many, wallets_settle,
       wallets_settle_batch, wallets_reserve, wallets_pay_out, wallets_seq_before, wallets_entry_breaks,
       wallets_head_breaks, wallets_seq_at, wallets_text_bytes,
       wallets_journal_bytes, wallets_leg_bytes, wallets_chain_next, wallets_chain_start
     to %I', p_role);
end $$;
