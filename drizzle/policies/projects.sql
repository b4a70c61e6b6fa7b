alter table projects enable row level security;

grant select, insert, update, delete on projects to portcullis_tenant;
grant select on projects to portcullis_sync;
grant select on projects to portcullis_host;
grant select on projects to portcullis_identity;

create policy host on projects to portcullis_host using (true) with check (true);
create policy identity on projects to portcullis_identity using (true) with check (true);
create policy sync_reads on projects for select to portcullis_sync using (true);
create policy tenant on projects to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
