alter table project_roles enable row level security;

grant select, insert, update (role, role_id), delete on project_roles to portcullis_tenant;
grant select, insert, update, delete on project_roles to portcullis_host;
grant select on project_roles to portcullis_identity;

create policy host on project_roles to portcullis_host using (true) with check (true);
create policy identity on project_roles to portcullis_identity using (true) with check (true);
create policy tenant on project_roles to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
