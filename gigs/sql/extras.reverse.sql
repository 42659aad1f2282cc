drop trigger gigs_extra_append_only on gigs_extra;
