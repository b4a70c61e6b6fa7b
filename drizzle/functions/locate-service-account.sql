-- A service account of the organization.
create or replace function portcullis_locate_service_account(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  if p_lock = 'update' then
    perform 1 from service_accounts s
      where s.service_account_id = p_id and s.organization_id = p_organization_id for no key update;
  end if;
  select jsonb_build_object('serviceAccountId', s.service_account_id, 'organizationId', s.organization_id,
      'name', s.name, 'role', s.role, 'roleId', s.role_id, 'version', s.version) into object
    from service_accounts s where s.service_account_id = p_id and s.organization_id = p_organization_id;
  return next;
end $$;

revoke execute on function portcullis_locate_service_account from public;
