drop function gigs_complete(bigint[], timestamptz, text, inet);
drop function gigs_settle(bigint[], timestamptz, text, inet);
drop function gigs_note_invoiced(bigint[], bigint[], bigint[]);
