alter table recovery_codes enable row level security;

grant select, insert, update, delete on recovery_codes to portcullis_host;
grant select, insert, update, delete on recovery_codes to portcullis_identity;

create policy host on recovery_codes to portcullis_host using (true) with check (true);
create policy identity on recovery_codes to portcullis_identity using (true) with check (true);
