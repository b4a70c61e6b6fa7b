alter table members enable row level security;

grant select, update (role, role_id), delete on members to portcullis_tenant;
grant select, insert, update, delete on members to portcullis_host;
grant select, insert, update (role, role_id) on members to portcullis_identity;

create policy host on members to portcullis_host using (true) with check (true);
create policy identity on members to portcullis_identity using (true) with check (true);
create policy sync_reads on members for select to portcullis_sync using (true);
create policy tenant on members to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
