drop trigger wallets_addition_append_only on wallets_addition;

alter table wallets_journal drop constraint wallets_journal_kind_valid;
alter table wallets_journal add constraint wallets_journal_kind_valid check (
  kind in ('settlement', 'clearing', 'withdrawal', 'reversal', 'funding', 'top_up', 'release',
    'take_back', 'credit_note', 'debt_payment')
);
