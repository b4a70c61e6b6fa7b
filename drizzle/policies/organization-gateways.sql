alter table organization_gateways enable row level security;

grant select on organization_gateways to portcullis_tenant;
grant select on organization_gateways to portcullis_sync;
grant select, insert, update, delete on organization_gateways to portcullis_host;

create policy host on organization_gateways to portcullis_host using (true) with check (true);
create policy sync_reads on organization_gateways for select to portcullis_sync using (true);
create policy tenant on organization_gateways to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
