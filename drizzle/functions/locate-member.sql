-- A member of the organization.
create or replace function portcullis_locate_member(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  if p_lock = 'update' then
    -- One change of roles at a time: it counts the remaining owners, and reads what the caller may grant at that moment.
    perform portcullis_hold_organization(p_organization_id);
    perform 1 from members m where m.member_id = p_id and m.organization_id = p_organization_id for no key update;
  end if;
  select jsonb_build_object('memberId', m.member_id, 'organizationId', m.organization_id, 'userId', m.user_id,
      'email', u.email, 'role', m.role, 'roleId', m.role_id, 'version', m.version) into object
    from members m join users u on u.user_id = m.user_id
    where m.member_id = p_id and m.organization_id = p_organization_id;
  return next;
end $$;

revoke execute on function portcullis_locate_member from public;
