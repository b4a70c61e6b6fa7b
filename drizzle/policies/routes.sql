alter table routes enable row level security;

grant select, insert, update, delete on routes to portcullis_tenant;
grant select on routes to portcullis_sync;
grant select on routes to portcullis_host;

create policy host on routes to portcullis_host using (true) with check (true);
create policy sync_reads on routes for select to portcullis_sync using (true);
create policy tenant on routes to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
