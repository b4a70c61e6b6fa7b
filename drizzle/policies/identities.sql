alter table identities enable row level security;

grant select, insert, update, delete on identities to portcullis_host;
grant select, insert, update, delete on identities to portcullis_identity;

create policy host on identities to portcullis_host using (true) with check (true);
create policy identity on identities to portcullis_identity using (true) with check (true);
