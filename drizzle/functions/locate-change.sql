-- A change that the organization requested.
create or replace function portcullis_locate_change(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  select jsonb_build_object('changeId', c.change_id, 'organizationId', c.organization_id) into object
    from changes c where c.change_id = p_id and c.organization_id = p_organization_id limit 1;
  return next;
end $$;

revoke execute on function portcullis_locate_change from public;
