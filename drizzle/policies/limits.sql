alter table limits enable row level security;

grant select, insert, update, delete on limits to portcullis_host;
grant select, insert, update, delete on limits to portcullis_identity;

create policy host on limits to portcullis_host using (true) with check (true);
create policy identity on limits to portcullis_identity using (true) with check (true);
