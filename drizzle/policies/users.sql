alter table users enable row level security;

grant select on users to portcullis_tenant;
grant select, insert, update, delete on users to portcullis_host;
grant select, insert, update on users to portcullis_identity;

create policy host on users to portcullis_host using (true) with check (true);
create policy identity on users to portcullis_identity using (true) with check (true);
create policy tenant on users for select to portcullis_tenant
  using (exists (select 1 from members m
    where m.user_id = users.user_id and m.organization_id = portcullis_organization()));
