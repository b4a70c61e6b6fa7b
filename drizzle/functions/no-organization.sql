-- Stands in for an organization whose facts a request may not see, or for a person who has none: the most careful
-- settings, and no name.
create or replace function portcullis_no_organization(p_organization_id text) returns jsonb
  language plpgsql immutable set search_path = public, pg_temp as $$
begin
  return jsonb_build_object('organizationId', p_organization_id, 'name', '', 'slug', '', 'defaultAccess', 'protected',
    'neverPublic', false, 'passwordPolicy', 'advise', 'upstreams', 'checked', 'root', false,
    'requireSecondFactor', false, 'maxKeyDays', null, 'maxKeysPerMember', 0, 'keyRequestsPerMinute', null, 'version', 0);
end $$;

revoke execute on function portcullis_no_organization from public;
