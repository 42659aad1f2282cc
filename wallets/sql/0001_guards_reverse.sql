drop trigger wallets_entry_is_append_only on wallets_entry;
drop trigger wallets_journal_is_append_only on wallets_journal;
drop trigger wallets_balance_is_kept on wallets_balance;
drop trigger wallets_account_is_append_only on wallets_account;
drop trigger wallets_currency_is_append_only on wallets_currency;
drop function wallets_refuse_change;
drop trigger wallets_entry_check on wallets_entry;
drop function wallets_entry_check;
