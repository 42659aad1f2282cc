drop table wallets_entry;
drop table wallets_journal;
drop table wallets_balance;
drop table wallets_account;
drop table wallets_currency;
