-- Nobody but the owner may execute or write anything here; the application's role gets what it needs
-- from wallets_grant, which the owner calls after every migration (manage.py provision).
revoke execute on function
  wallets_text_bytes, wallets_journal_bytes, wallets_leg_bytes, wallets_chain_next,
  wallets_chain_start, wallets_entry_check, wallets_refuse_change, wallets_open_accounts,
  wallets_replay, wallets_post, wallets_post_many, wallets_settle, wallets_running, wallets_chain_step, wallets_chain,
  wallets_settle_batch, wallets_reserve, wallets_pay_out, wallets_seq_before, wallets_chain_breaks,
  wallets_entry_breaks, wallets_head_breaks, wallets_seq_at
from public;

create function wallets_grant(p_role text) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
  execute format(
    'revoke all on wallets_currency, wallets_account, wallets_balance, wallets_journal, wallets_entry
     from %I', p_role);
  execute format(
    'grant select on wallets_currency, wallets_account, wallets_balance, wallets_journal, wallets_entry
     to %I', p_role);
  execute format(
    'grant execute on function wallets_open_accounts, wallets_post, wallets_post_many, wallets_settle,
       wallets_settle_batch, wallets_reserve, wallets_pay_out, wallets_seq_before, wallets_chain_breaks,
       wallets_entry_breaks, wallets_head_breaks, wallets_seq_at, wallets_text_bytes,
       wallets_journal_bytes, wallets_leg_bytes, wallets_chain_next, wallets_chain_start
     to %I', p_role);
end $$;
revoke execute on function wallets_grant from public;
