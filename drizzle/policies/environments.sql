alter table environments enable row level security;

grant select, insert, update, delete on environments to portcullis_tenant;
grant select on environments to portcullis_sync;
grant select on environments to portcullis_host;

create policy host on environments to portcullis_host using (true) with check (true);
create policy sync_reads on environments for select to portcullis_sync using (true);
create policy tenant on environments to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
