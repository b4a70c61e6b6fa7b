alter table api_keys enable row level security;

grant select (api_key_id, organization_id, user_id, name, role, created_at, expires_at, revoked_at, last_used_at,
  service_account_id, role_id, scopes, project_id, allowed_ips, requests_per_minute, last_used_ip, rotated_to,
  provider_id, version), insert, update (name, expires_at, revoked_at, allowed_ips, requests_per_minute,
  rotated_to) on api_keys to portcullis_tenant;
grant select, insert, update, delete on api_keys to portcullis_host;

create policy host on api_keys to portcullis_host using (true) with check (true);
create policy sync_reads on api_keys for select to portcullis_sync using (true);
create policy tenant on api_keys to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
