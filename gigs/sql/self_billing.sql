-- Who writes the invoices of a project is frozen at the match.
create function gigs_project_self_billing_guard() returns trigger language plpgsql as $$
begin
  raise exception 'who writes the invoices of project % is frozen', old.id
    using errcode = '23514', constraint = 'gigs_project_self_billing_frozen';
end $$;
create trigger gigs_project_self_billing_frozen before update on gigs_project
  for each row when (new.is_self_billed is distinct from old.is_self_billed)
  execute function gigs_project_self_billing_guard();
