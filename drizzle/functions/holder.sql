-- The roles of the holder of a key or session: a person, a service account, or, without either, the host's command line
-- and the keys that it created.
create or replace function portcullis_holder(p_user_id text, p_service_account_id text, p_organization_id text, p_project_id text)
  returns jsonb language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_account service_accounts%rowtype;
begin
  if p_user_id is not null then return portcullis_standing(p_user_id, p_organization_id, p_project_id); end if;
  if p_service_account_id is null then
    return '{"organization": {"role": "owner", "permissions": null}, "project": null}'::jsonb;
  end if;
  select * into v_account from service_accounts s
    where s.service_account_id = p_service_account_id and s.organization_id = p_organization_id;
  if not found then return null; end if;
  return jsonb_build_object('organization', portcullis_grant(v_account.role, v_account.role_id, v_account.organization_id),
    'project', null);
end $$;

revoke execute on function portcullis_holder from public;
