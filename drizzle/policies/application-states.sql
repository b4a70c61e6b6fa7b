alter table application_states enable row level security;

grant select on application_states to portcullis_tenant;
grant select, insert, update, delete on application_states to portcullis_sync;
grant select on application_states to portcullis_host;

create policy host on application_states to portcullis_host using (true) with check (true);
create policy sync_reads on application_states for select to portcullis_sync using (true);
create policy sync_writes on application_states to portcullis_sync using (true) with check (true);
create policy tenant on application_states to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
