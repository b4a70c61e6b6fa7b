alter table security enable row level security;

grant select (security_id, organization_id, application_id, username, hash_algorithm, hash_cost, created_at,
  password_changed_at, expires_at, last_used_at, version), insert, update, delete on security to portcullis_tenant;
grant select on security to portcullis_sync;
grant select (security_id, hash_sealed), update (hash_sealed) on security to portcullis_host;

create policy host on security to portcullis_host using (true) with check (true);
create policy sync_reads on security for select to portcullis_sync using (true);
create policy tenant on security to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
