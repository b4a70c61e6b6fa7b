alter table member_roles enable row level security;

grant select, insert, update, delete on member_roles to portcullis_host;
grant select, insert, update, delete on member_roles to portcullis_identity;

create policy host on member_roles to portcullis_host using (true) with check (true);
create policy identity on member_roles to portcullis_identity using (true) with check (true);
