-- A role that the organization defined.
create or replace function portcullis_locate_role(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  if p_lock = 'update' then
    -- One change of roles at a time: it counts the remaining owners, and reads what the caller may grant at that moment.
    perform portcullis_hold_organization(p_organization_id);
    perform 1 from roles r where r.role_id = p_id and r.organization_id = p_organization_id for no key update;
  end if;
  select jsonb_build_object('roleId', r.role_id, 'organizationId', r.organization_id, 'name', r.name,
      'permissions', r.permissions, 'version', r.version) into object
    from roles r where r.role_id = p_id and r.organization_id = p_organization_id;
  return next;
end $$;

revoke execute on function portcullis_locate_role from public;
