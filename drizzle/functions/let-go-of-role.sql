-- Before a role that the organization defined is deleted: ended invitations with it are removed, and ended keys keep its
-- permissions.
create or replace function portcullis_let_go_of_role(p_role_id text, p_now timestamptz) returns void
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
  delete from invitations i where i.role_id = p_role_id and i.organization_id = portcullis_organization()
    and (i.accepted_at is not null or i.revoked_at is not null or i.expires_at <= p_now);
  update api_keys k set role_id = null, scopes = (select r.permissions from roles r where r.role_id = p_role_id)
    where k.role_id = p_role_id and k.organization_id = portcullis_organization()
      and (k.revoked_at is not null or k.expires_at <= p_now);
end $$;

revoke execute on function portcullis_let_go_of_role from public;
grant execute on function portcullis_let_go_of_role to portcullis_tenant;
