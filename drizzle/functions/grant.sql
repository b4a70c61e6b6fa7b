-- What a role grants: a built-in role by its name, a role that the organization defined by its permissions. A role of
-- another organization grants nothing.
-- All functions that run on every request are PL/pgSQL: a function in SQL is planned again at each call.
create or replace function portcullis_grant(p_role text, p_role_id text, p_organization_id text) returns jsonb
  language plpgsql stable set search_path = public, pg_temp as $$
begin
  if p_role is not null then return jsonb_build_object('role', p_role, 'permissions', null); end if;
  if p_role_id is null then return null; end if;
  return jsonb_build_object('role', null, 'permissions', coalesce((select to_jsonb(r.permissions)
    from roles r where r.role_id = p_role_id and r.organization_id = p_organization_id), '[]'::jsonb));
end $$;

revoke execute on function portcullis_grant from public;
