alter table claims enable row level security;

grant select on claims to portcullis_tenant;
grant select on claims to portcullis_sync;
grant select on claims to portcullis_host;

create policy host on claims to portcullis_host using (true) with check (true);
create policy sync_reads on claims for select to portcullis_sync using (true);
create policy tenant on claims to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
