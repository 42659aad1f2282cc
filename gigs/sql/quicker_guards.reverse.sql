create or replace trigger gigs_milestone_price_frozen before update on gigs_milestone
  for each row execute function gigs_milestone_frozen();
create or replace trigger gigs_project_terms_frozen before update on gigs_project
  for each row execute function gigs_project_frozen();
