drop function wallets_pay_out, wallets_reserve;
