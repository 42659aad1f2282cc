drop function wallets_chain_start;
drop function wallets_chain_next;
drop function wallets_leg_bytes;
drop function wallets_journal_bytes;
drop function wallets_text_bytes;
