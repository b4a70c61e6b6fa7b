alter table passwords enable row level security;

grant select, insert, update, delete on passwords to portcullis_host;
grant select, insert, update, delete on passwords to portcullis_identity;

create policy host on passwords to portcullis_host using (true) with check (true);
create policy identity on passwords to portcullis_identity using (true) with check (true);
