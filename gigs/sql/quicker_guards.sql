-- The guards of updates are asked where something changes that they guard, and not for each payment.
-- Whoever guards another column adds it to the condition too.
create or replace trigger gigs_project_terms_frozen before update on gigs_project
  for each row when (
    row(new.gig_id, new.application_id, new.commissioner_id, new.freelancer_id, new.organisation_id,
        new.budget, new.currency, new.fee_rate, new.invoicing_method, new.payment_mode,
        new.review_days, new.clearing_days)
    is distinct from
    row(old.gig_id, old.application_id, old.commissioner_id, old.freelancer_id, old.organisation_id,
        old.budget, old.currency, old.fee_rate, old.invoicing_method, old.payment_mode,
        old.review_days, old.clearing_days)
  )
  execute function gigs_project_frozen();
create or replace trigger gigs_milestone_price_frozen before update on gigs_milestone
  for each row when (
    row(new.project_id, new.currency, new.amount, new.amendment_count, new.bonus_minor)
    is distinct from
    row(old.project_id, old.currency, old.amount, old.amendment_count, old.bonus_minor)
  )
  execute function gigs_milestone_frozen();
