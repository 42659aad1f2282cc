-- The hash chain of each (account, shard). Format 1: every entry's hash is
--   sha256(01 | previous head | journal | leg | account | shard | seq | amount | currency | balance after)
-- with journal = id | kind | about type | about id | key | reverses (0 for none) | posted at,
-- integers big-endian in the width of their column, posted at in microseconds since 2000-01-01 UTC,
-- texts in UTF-8 behind their length in two bytes, the currency in its three bytes.
-- A chain starts from sha256(01 | account | shard | owner | kind | currency).
create function wallets_text_bytes(p_text text) returns bytea
language sql stable parallel safe
return int2send(octet_length(p_text)::smallint) || convert_to(p_text, 'UTF8');

create function wallets_journal_bytes(
  p_id bigint, p_kind text, p_about_type text, p_about_id bigint, p_key text,
  p_reverses bigint, p_posted_at timestamptz
) returns bytea
language sql stable parallel safe
return int8send(p_id) || wallets_text_bytes(p_kind) || wallets_text_bytes(p_about_type)
    || int8send(p_about_id) || wallets_text_bytes(p_key)
    || int8send(coalesce(p_reverses, 0)) || timestamptz_send(p_posted_at);

create function wallets_leg_bytes(
  p_journal bytea, p_leg smallint, p_account bigint, p_shard smallint, p_seq bigint,
  p_amount bigint, p_currency char, p_balance_after bigint
) returns bytea
language sql stable parallel safe
return p_journal || int2send(p_leg) || int8send(p_account) || int2send(p_shard)
    || int8send(p_seq) || int8send(p_amount) || convert_to(p_currency, 'UTF8')
    || int8send(p_balance_after);

create function wallets_chain_next(p_head bytea, p_leg bytea) returns bytea
language sql immutable parallel safe
return sha256('\x01'::bytea || p_head || p_leg);

create function wallets_chain_start(
  p_account bigint, p_shard smallint, p_owner text, p_kind text, p_currency char
) returns bytea
language sql stable parallel safe
return sha256('\x01'::bytea || int8send(p_account) || int2send(p_shard)
    || wallets_text_bytes(p_owner) || wallets_text_bytes(p_kind) || convert_to(p_currency, 'UTF8'));
