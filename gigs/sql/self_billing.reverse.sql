drop trigger gigs_project_self_billing_frozen on gigs_project;
drop function gigs_project_self_billing_guard();
