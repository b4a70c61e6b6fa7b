-- An environment of a project of the organization.
create or replace function portcullis_locate_environment(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  if p_lock = 'update' then
    perform 1 from environments e where e.environment_id = p_id and e.organization_id = p_organization_id for no key update;
  elsif p_lock = 'share' then
    perform 1 from environments e where e.environment_id = p_id and e.organization_id = p_organization_id for key share;
  end if;
  select jsonb_build_object('environmentId', e.environment_id, 'organizationId', e.organization_id,
      'projectId', e.project_id, 'name', e.name, 'slug', e.slug, 'kind', e.kind, 'version', e.version), e.project_id into object, project_id
    from environments e where e.environment_id = p_id and e.organization_id = p_organization_id;
  return next;
end $$;

revoke execute on function portcullis_locate_environment from public;
