-- Revokes keys of a person that depend on a provider: those created in its sessions, or all (p_all) if the person has
-- no other way to sign in. p_organization_id: only keys of this organization; null for all organizations.
create or replace function portcullis_end_keys_of_provider(p_user_id text, p_provider_id text, p_organization_id text, p_all boolean,
    p_now timestamptz) returns integer
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_revoked integer;
begin
  update api_keys k set revoked_at = p_now
    where k.user_id = p_user_id and k.revoked_at is null and (p_all or k.provider_id = p_provider_id)
      and k.organization_id = coalesce(p_organization_id, k.organization_id);
  get diagnostics v_revoked = row_count;
  return v_revoked;
end $$;

revoke execute on function portcullis_end_keys_of_provider from public;
grant execute on function portcullis_end_keys_of_provider to portcullis_identity;
