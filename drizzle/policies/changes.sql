alter table changes enable row level security;

grant select, insert on changes to portcullis_tenant;
grant select, insert, update, delete on changes to portcullis_sync;
grant select, insert on changes to portcullis_host;

create policy host on changes to portcullis_host using (true) with check (true);
create policy sync_reads on changes for select to portcullis_sync using (true);
create policy sync_writes on changes to portcullis_sync using (true) with check (true);
create policy tenant on changes to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
