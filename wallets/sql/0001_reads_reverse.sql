drop function wallets_chain_breaks;
drop function wallets_head_breaks;
drop function wallets_entry_breaks;
drop function wallets_seq_at;
drop function wallets_seq_before;
