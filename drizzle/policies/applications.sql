alter table applications enable row level security;

grant select, insert, update (environment_id, name, access, opened_by, hash_algorithm, closed_at, closed_reason, closed_by_kind,
  closed_by_id, closed_by_name, changed_at), delete on applications to portcullis_tenant;
grant select, update (opened_by, closed_at, closed_reason, closed_by_kind, closed_by_id, closed_by_name) on applications to portcullis_sync;
grant select on applications to portcullis_host;

create policy host on applications to portcullis_host using (true) with check (true);
create policy sync_reads on applications for select to portcullis_sync using (true);
-- It may only close: what is closed by hand is out of its reach, and what it changes has no opening act afterwards.
create policy sync_closes on applications for update to portcullis_sync
  using (closed_at is null)
  with check (opened_by is null);
create policy tenant on applications to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
