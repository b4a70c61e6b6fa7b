alter table organizations enable row level security;

grant select, update (name, default_access, never_public, password_policy, require_second_factor, max_key_days,
  max_keys_per_member, key_requests_per_minute), delete on organizations to portcullis_tenant;
grant select on organizations to portcullis_sync;
grant select, insert, update, delete on organizations to portcullis_host;
grant select on organizations to portcullis_identity;

create policy host on organizations to portcullis_host using (true) with check (true);
create policy identity on organizations to portcullis_identity using (true) with check (true);
create policy sync_reads on organizations for select to portcullis_sync using (true);
create policy tenant on organizations to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
