-- An API key of the organization, with what its holder may do now.
create or replace function portcullis_locate_api_key(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  if p_lock = 'update' then
    perform 1 from api_keys k where k.api_key_id = p_id and k.organization_id = p_organization_id for no key update;
  end if;
  select jsonb_build_object('apiKeyId', k.api_key_id, 'organizationId', k.organization_id, 'name', k.name,
      'userId', k.user_id, 'serviceAccountId', k.service_account_id, 'projectId', k.project_id, 'role', k.role,
      'expiresAt', k.expires_at, 'revokedAt', k.revoked_at, 'version', k.version,
      'grant', coalesce(portcullis_grant(k.role, k.role_id, k.organization_id),
        jsonb_build_object('role', null, 'permissions', coalesce(to_jsonb(k.scopes), '[]'::jsonb))),
      'holder', portcullis_holder(k.user_id, k.service_account_id, p_organization_id, k.project_id)), k.project_id
    into object, project_id
    from api_keys k where k.api_key_id = p_id and k.organization_id = p_organization_id;
  return next;
end $$;

revoke execute on function portcullis_locate_api_key from public;
