-- Reserved money: balance.held, which the floor counts as gone. Reserving and releasing move no
-- money, so they write no journal and no link of the chain; what is reserved is explained by the
-- open withdrawals and the staff's holds, in whose transaction each of these calls is made.

-- Raise or lower what is reserved of one ordinary account. The update is the lock.
create function wallets_reserve(p_account bigint, p_amount bigint) returns void
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if (p_amount <> 0) is not true then
    raise exception 'reserving nothing of account %', p_account
      using errcode = 'check_violation', constraint = 'wallets_reserve_amount_not_zero';
  end if;
  update wallets_balance set held = held + p_amount where account_id = p_account and shard = 0;
  if not found then
    raise exception 'account % has nothing to reserve', p_account
      using errcode = 'foreign_key_violation', constraint = 'wallets_reserve_account_exists';
  end if;
end $$;

-- Reserved money leaves the wallet: available -gross, outside +net, fees +fee as one journal, and
-- the reservation ends with it. A second call with the same key finds the first one's journal.
create function wallets_pay_out(
  p_key text, p_about_type text, p_about_id bigint,
  p_available bigint, p_outside bigint, p_fees bigint, p_net bigint, p_fee bigint,
  out v_id bigint, out v_posted_at timestamptz, out v_replayed boolean
)
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_accounts bigint[] := array[p_available, p_outside, p_fees];
  v_amounts bigint[] := array[-p_net - p_fee, p_net, p_fee];
begin
  if (p_net > 0 and p_fee >= 0) is not true then
    raise exception 'withdrawal % has impossible amounts', p_key
      using errcode = 'check_violation', constraint = 'wallets_pay_out_amounts_valid';
  end if;
  if p_fee = 0 then
    v_accounts := v_accounts[1:2];
    v_amounts := v_amounts[1:2];
  end if;
  -- Whoever else pays this out waits here, and then sees the journal.
  perform from wallets_balance where account_id = p_available and shard = 0 for no key update;
  if not exists (select from wallets_journal where key = p_key) then
    perform wallets_reserve(p_available, -p_net - p_fee);
  end if;
  select p.v_id, p.v_posted_at, p.v_replayed into v_id, v_posted_at, v_replayed
  from wallets_post(
    'withdrawal', p_key, p_about_type, p_about_id, v_accounts, v_amounts,
    array_fill(0::bigint, array[cardinality(v_accounts)]), null) p;
end $$;
