-- A session of the signed-in person.
create or replace function portcullis_locate_session(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  select jsonb_build_object('sessionId', s.session_id, 'userId', s.user_id) into object
    from sessions s
    where s.session_id = p_id and s.user_id = p_principal ->> 'userId' and p_principal ->> 'kind' = 'session';
  return next;
end $$;

revoke execute on function portcullis_locate_session from public;
