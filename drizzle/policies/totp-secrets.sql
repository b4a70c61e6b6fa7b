alter table totp_secrets enable row level security;

grant select, insert, update, delete on totp_secrets to portcullis_host;
grant select, insert, update, delete on totp_secrets to portcullis_identity;

create policy host on totp_secrets to portcullis_host using (true) with check (true);
create policy identity on totp_secrets to portcullis_identity using (true) with check (true);
