-- The audit log of the installation, of what belongs to no organization: the root organization reads it.
create or replace function portcullis_installation_log() returns text
  language sql stable security definer set search_path = public, pg_temp as $$
  select i.installation_id from installation i
  where exists (select 1 from organizations o where o.organization_id = portcullis_organization() and o.root)
$$;

revoke execute on function portcullis_installation_log from public;
grant execute on function portcullis_installation_log to portcullis_tenant;
