-- The signed-in person. p_id: their own id, or null.
create or replace function portcullis_locate_person(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  if p_principal ->> 'kind' = 'session' and coalesce(p_id, p_principal ->> 'userId') = p_principal ->> 'userId' then
    if p_lock = 'update' then
      perform 1 from users u where u.user_id = p_principal ->> 'userId' for no key update;
    end if;
    select jsonb_build_object('userId', u.user_id, 'email', u.email, 'name', u.name, 'version', u.version) into object
      from users u where u.user_id = p_principal ->> 'userId';
  end if;
  return next;
end $$;

revoke execute on function portcullis_locate_person from public;
