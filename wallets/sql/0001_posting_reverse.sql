drop function wallets_settle_batch;
drop aggregate wallets_chain(bytea, bytea);
drop function wallets_chain_step;
drop aggregate wallets_running(bigint);
drop function wallets_settle;
drop function wallets_post_many;
drop function wallets_post;
drop function wallets_replay;
drop function wallets_open_accounts;
