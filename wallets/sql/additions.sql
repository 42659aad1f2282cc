-- More is set aside for funded milestones: what was added is written once.
alter table wallets_journal drop constraint wallets_journal_kind_valid;
alter table wallets_journal add constraint wallets_journal_kind_valid check (
  kind in ('settlement', 'clearing', 'withdrawal', 'reversal', 'funding', 'top_up', 'release',
    'take_back', 'credit_note', 'debt_payment', 'addition')
);

create trigger wallets_addition_append_only
  before update or delete or truncate on wallets_addition
  for each statement execute function wallets_refuse_change();
