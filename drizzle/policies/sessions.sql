alter table sessions enable row level security;

grant select, insert, update, delete on sessions to portcullis_host;
grant select, insert, update, delete on sessions to portcullis_identity;

create policy host on sessions to portcullis_host using (true) with check (true);
create policy identity on sessions to portcullis_identity using (true) with check (true);
