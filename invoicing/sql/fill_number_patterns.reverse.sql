-- The column goes with the migration before.
select 1;
