drop function wallets_pay_held;
drop function wallets_tell_settled;
drop function wallets_decimal;
alter function wallets_settle_batch(
  text[], text, bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[]
) reset enable_hashjoin;
alter function wallets_settle_batch(
  text[], text, bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[]
) reset enable_mergejoin;
