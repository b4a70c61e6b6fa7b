-- Answers "who is asking, and where is the object?" in one statement: the principal with its roles at the object, the
-- organization, the object with its chain if it is in that organization, and the project that it belongs to.
--
-- It knows principals and organizations only. Each kind of resource has a function of its own, which locates and locks
-- an object of that kind: portcullis_locate_<kind>(p_id, p_organization_id, p_principal, p_lock). portcullis_locate calls
-- the one of p_resource; src/database/repeatable-sql.ts derives it from the names of their files.
--
-- p_resource: the kind, as in the name of that function.
-- p_lock: '' reads; 'share' keeps a parent from being deleted; 'update' serializes changes of one application or parent.
-- No row: not authenticated, or no such organization. object is null: not in the caller's organization.
create or replace function portcullis_authorize(p_presented text, p_hash text, p_organization_id text, p_resource text, p_id text, p_lock text)
  returns table (principal jsonb, organization jsonb, object jsonb, project_id text)
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_org text;
  v_theirs boolean;
begin
  select p.principal, p.organization_id, p.theirs into principal, v_org, v_theirs
    from portcullis_principal(p_presented, p_hash, p_organization_id) p;
  if not found then return; end if;
  -- Inside a transaction of one organization, nothing of another one is returned.
  if v_org <> portcullis_organization() then
    principal := principal || '{"standing": {"organization": null, "project": null}}';
    organization := portcullis_no_organization(v_org);
    return next;
    return;
  end if;
  -- The object comes before the organization, because both are read only after the locks were taken.
  if v_theirs then
    select l.object, l.project_id into object, project_id
      from portcullis_locate(p_resource, p_id, v_org, principal, p_lock) l;
  end if;
  organization := portcullis_organization_facts(v_org, principal);
  if organization is null then return; end if;
  -- A request that waited for a lock may have lost its key or session in the meantime.
  if p_lock <> '' and p_presented <> 'commandLine' then
    select p.principal into principal from portcullis_principal(p_presented, p_hash, p_organization_id) p;
    if not found then return; end if;
  end if;
  principal := principal || jsonb_build_object('standing',
    portcullis_holder(principal ->> 'userId', principal ->> 'serviceAccountId', v_org, project_id));
  return next;
end $$;

revoke execute on function portcullis_authorize from public;
grant execute on function portcullis_authorize to portcullis_gate, portcullis_tenant, portcullis_host, portcullis_identity;
