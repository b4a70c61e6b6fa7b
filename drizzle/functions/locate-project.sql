-- A project of the organization.
create or replace function portcullis_locate_project(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  if p_lock = 'update' then
    perform 1 from projects p where p.project_id = p_id and p.organization_id = p_organization_id for no key update;
  elsif p_lock = 'share' then
    perform 1 from projects p where p.project_id = p_id and p.organization_id = p_organization_id for key share;
  end if;
  select jsonb_build_object('projectId', p.project_id, 'organizationId', p.organization_id, 'name', p.name,
      'slug', p.slug, 'version', p.version), p.project_id into object, project_id
    from projects p where p.project_id = p_id and p.organization_id = p_organization_id;
  return next;
end $$;

revoke execute on function portcullis_locate_project from public;
