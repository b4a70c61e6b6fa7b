-- What authorization and use cases know of an organization; null if it does not exist. What a person without an
-- organization does belongs to the installation.
create or replace function portcullis_organization_facts(p_organization_id text, p_principal jsonb) returns jsonb
  language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_facts jsonb;
begin
  select jsonb_build_object('organizationId', o.organization_id, 'name', o.name, 'slug', o.slug,
      'defaultAccess', o.default_access, 'neverPublic', o.never_public, 'passwordPolicy', o.password_policy,
      'upstreams', o.upstreams, 'root', o.root, 'requireSecondFactor', o.require_second_factor,
      'maxKeyDays', o.max_key_days, 'maxKeysPerMember', o.max_keys_per_member,
      'keyRequestsPerMinute', o.key_requests_per_minute, 'version', o.version) into v_facts
    from organizations o where o.organization_id = p_organization_id;
  if not found and p_principal ->> 'kind' = 'session' then
    return portcullis_no_organization(p_organization_id);
  end if;
  return v_facts;
end $$;

revoke execute on function portcullis_organization_facts from public;
