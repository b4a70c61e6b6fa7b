-- A credential of an application. Its lock is the application's.
create or replace function portcullis_locate_credential(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
declare
  v_application jsonb;
begin
  v_application := portcullis_application_facts((select s.application_id from security s
    where s.security_id = p_id and s.organization_id = p_organization_id), p_organization_id, p_lock);
  select jsonb_build_object('securityId', s.security_id, 'username', s.username, 'version', s.version, 'application', v_application),
      v_application ->> 'projectId' into object, project_id
    from security s
    where s.security_id = p_id and s.organization_id = p_organization_id and v_application is not null;
  return next;
end $$;

revoke execute on function portcullis_locate_credential from public;
