alter table challenges enable row level security;

grant select, insert, update, delete on challenges to portcullis_host;
grant select, insert, update, delete on challenges to portcullis_identity;

create policy host on challenges to portcullis_host using (true) with check (true);
create policy identity on challenges to portcullis_identity using (true) with check (true);
