drop function wallets_grant;
