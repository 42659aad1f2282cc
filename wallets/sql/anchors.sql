-- Anchors are history.
create trigger wallets_anchor_is_append_only
  before update or delete or truncate on wallets_anchor
  for each statement execute function wallets_refuse_change();
create trigger wallets_anchored_head_is_append_only
  before update or delete or truncate on wallets_anchoredhead
  for each statement execute function wallets_refuse_change();
