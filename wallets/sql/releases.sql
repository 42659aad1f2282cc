create trigger wallets_release_append_only
  before update or delete or truncate on wallets_release
  for each statement execute function wallets_refuse_change();
