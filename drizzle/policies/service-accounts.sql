alter table service_accounts enable row level security;

grant select, insert, update (name, role, role_id), delete on service_accounts to portcullis_tenant;
grant select, insert, update, delete on service_accounts to portcullis_host;
grant select on service_accounts to portcullis_identity;

create policy host on service_accounts to portcullis_host using (true) with check (true);
create policy identity on service_accounts to portcullis_identity using (true) with check (true);
create policy tenant on service_accounts to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
