alter table passkeys enable row level security;

grant select, insert, update, delete on passkeys to portcullis_host;
grant select, insert, update, delete on passkeys to portcullis_identity;

create policy host on passkeys to portcullis_host using (true) with check (true);
create policy identity on passkeys to portcullis_identity using (true) with check (true);
