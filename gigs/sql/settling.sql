-- What invoices do to projects and milestones, many at a time. The callers hold the rows' locks.
-- Plans are pinned to index look-ups: they are made once in a connection, perhaps while the tables
-- are empty.
create function gigs_note_invoiced(p_projects bigint[], p_invoiced bigint[], p_fees bigint[])
returns void language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off set jit = off
as $$
begin
  update gigs_project p set invoiced_minor = n.invoiced, fees_minor = n.fees
  from unnest(p_projects, p_invoiced, p_fees) n(project, invoiced, fees)
  where p.id = n.project;
end $$;

-- Approved milestones become settled; how many of these were approved.
create function gigs_settle(
  p_milestones bigint[], p_at timestamptz, p_request text, p_address inet
) returns integer language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
as $$
declare
  v_settled integer;
begin
  with settled as (
    update gigs_milestone set status = 'settled', settled_at = p_at
    where id = any (p_milestones) and status = 'approved'
    returning id, uuid, position, title
  )
  insert into accounts_auditevent (at, event, actor, actor_name, target, target_label, before, after,
    request_id, remote_address)
  select p_at, 'milestone.settled', '', 'system', 'mst_' || replace(s.uuid::text, '-', ''),
    left('#' || s.id || ' ' || s.position || '. ' || s.title, 200), '{"status": "approved"}',
    '{"status": "settled"}', p_request, p_address
  from settled s;
  get diagnostics v_settled = row_count;
  return v_settled;
end $$;

-- Active projects of which every milestone is settled or cancelled become completed; those.
create function gigs_complete(
  p_projects bigint[], p_at timestamptz, p_request text, p_address inet
) returns setof bigint language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off set jit = off
as $$
begin
  return query
    with completed as (
      update gigs_project p set status = 'completed', completed_at = p_at
      where p.id = any (p_projects) and p.status = 'active' and not exists (
        select from gigs_milestone m
        where m.project_id = p.id and m.status not in ('settled', 'cancelled')
      )
      returning p.id, p.uuid, p.title
    ), audited as (
      insert into accounts_auditevent (at, event, actor, actor_name, target, target_label, before,
        after, request_id, remote_address)
      select p_at, 'project.completed', '', 'system', 'prj_' || replace(c.uuid::text, '-', ''),
        left('#' || c.id || ' ' || c.title, 200), '{"status": "active"}', '{"status": "completed"}',
        p_request, p_address
      from completed c
    )
    select c.id from completed c;
end $$;
