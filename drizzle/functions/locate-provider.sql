-- An identity provider of the organization. Providers from the settings belong to the installation and are not found.
create or replace function portcullis_locate_provider(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  if p_lock = 'update' then
    perform 1 from oidc_providers o
      where o.provider_id = p_id and o.organization_id = p_organization_id for no key update;
  end if;
  select jsonb_build_object('providerId', o.provider_id, 'organizationId', o.organization_id, 'name', o.name,
      'slug', o.slug, 'version', o.version) into object
    from oidc_providers o where o.provider_id = p_id and o.organization_id = p_organization_id;
  return next;
end $$;

revoke execute on function portcullis_locate_provider from public;
