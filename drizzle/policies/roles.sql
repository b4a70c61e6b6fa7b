alter table roles enable row level security;

grant select, insert, update (name, permissions), delete on roles to portcullis_tenant;
grant select, insert, update, delete on roles to portcullis_host;
grant select on roles to portcullis_identity;

create policy host on roles to portcullis_host using (true) with check (true);
create policy identity on roles to portcullis_identity using (true) with check (true);
create policy tenant on roles to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
