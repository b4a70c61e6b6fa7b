-- A passkey of the signed-in person.
create or replace function portcullis_locate_passkey(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  select jsonb_build_object('passkeyId', k.passkey_id, 'userId', k.user_id, 'name', k.name) into object
    from passkeys k
    where k.passkey_id = p_id and k.user_id = p_principal ->> 'userId' and p_principal ->> 'kind' = 'session';
  return next;
end $$;

revoke execute on function portcullis_locate_passkey from public;
