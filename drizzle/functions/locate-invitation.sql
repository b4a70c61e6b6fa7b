-- An invitation to the organization.
create or replace function portcullis_locate_invitation(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  if p_lock = 'update' then
    -- One change of roles at a time: it counts the remaining owners, and reads what the caller may grant at that moment.
    perform portcullis_hold_organization(p_organization_id);
  end if;
  select jsonb_build_object('invitationId', i.invitation_id, 'organizationId', i.organization_id, 'email', i.email)
    into object from invitations i where i.invitation_id = p_id and i.organization_id = p_organization_id;
  return next;
end $$;

revoke execute on function portcullis_locate_invitation from public;
