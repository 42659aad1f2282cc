drop trigger gigs_milestone_waits_for_upfront on gigs_milestone;
drop function gigs_milestone_check_upfront();
drop trigger gigs_milestone_share_frozen on gigs_milestone;
drop function gigs_milestone_share_guard();
drop trigger gigs_project_upfront_frozen on gigs_project;
drop function gigs_project_upfront_guard();
