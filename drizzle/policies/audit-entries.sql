alter table audit_entries enable row level security;

grant select, insert on audit_entries to portcullis_tenant;
grant select, insert, update (sequence, hash) on audit_entries to portcullis_sync;
grant select, insert on audit_entries to portcullis_host;
grant insert on audit_entries to portcullis_identity;
grant select, delete on audit_entries to portcullis_retention;

create policy host on audit_entries to portcullis_host using (true) with check (true);
create policy identity on audit_entries to portcullis_identity using (true) with check (true);
create policy installation on audit_entries for select to portcullis_tenant
  using (organization_id = (select portcullis_installation_log()));
create policy retention on audit_entries to portcullis_retention using (true);
create policy sync_audits on audit_entries for insert to portcullis_sync
  with check (sequence is null and hash is null and (actor_kind = 'system' or outcome = 'refused'));
create policy sync_reads on audit_entries for select to portcullis_sync using (true);
create policy sync_seals on audit_entries for update to portcullis_sync using (true) with check (true);
create policy tenant on audit_entries to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
-- Only the sealer gives an entry its position in the chain and its hash. An entry that is inserted with them would look
-- sealed in lists, and would block the sealer.
create policy unsealed on audit_entries as restrictive for insert to portcullis_tenant, portcullis_host, portcullis_identity
  with check (sequence is null and hash is null);
