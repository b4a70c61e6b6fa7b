alter table links enable row level security;

grant select, insert, update, delete on links to portcullis_host;
grant select, insert, update, delete on links to portcullis_identity;

create policy host on links to portcullis_host using (true) with check (true);
create policy identity on links to portcullis_identity using (true) with check (true);
