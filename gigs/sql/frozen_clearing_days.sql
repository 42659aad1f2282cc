-- The days of clearing are frozen with the other terms of a project.
create or replace function gigs_project_frozen() returns trigger language plpgsql as $$
begin
  if row(new.gig_id, new.application_id, new.commissioner_id, new.freelancer_id,
         new.organisation_id, new.budget, new.currency, new.fee_rate, new.invoicing_method,
         new.payment_mode, new.review_days, new.clearing_days)
     is distinct from
     row(old.gig_id, old.application_id, old.commissioner_id, old.freelancer_id,
         old.organisation_id, old.budget, old.currency, old.fee_rate, old.invoicing_method,
         old.payment_mode, old.review_days, old.clearing_days) then
    raise exception 'the terms of project % are frozen', old.id
      using errcode = '23514', constraint = 'gigs_project_terms_frozen';
  end if;
  return new;
end $$;
