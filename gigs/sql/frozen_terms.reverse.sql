drop trigger gigs_milestone_price_frozen on gigs_milestone;
drop function gigs_milestone_frozen();
drop trigger gigs_project_terms_frozen on gigs_project;
drop function gigs_project_frozen();
