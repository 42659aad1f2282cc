-- What was agreed for extra work is written once.
create trigger gigs_extra_append_only before update or delete or truncate on gigs_extra
  for each statement execute function tranche_refuse_change();
