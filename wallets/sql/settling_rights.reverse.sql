drop function wallets_grant_settling(text);
grant execute on function wallets_decimal, wallets_tell_settled, wallets_pay_held to public;
