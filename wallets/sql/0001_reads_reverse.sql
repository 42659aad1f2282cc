drop function wallets_chain_breaks;
drop function wallets_seq_before;
