create or replace function portcullis_organization() returns text language sql stable
  return nullif(current_setting('portcullis.organization_id', true), '');

revoke execute on function portcullis_organization from public;
grant execute on function portcullis_organization to portcullis_gate, portcullis_tenant, portcullis_sync, portcullis_host, portcullis_identity, portcullis_retention;
