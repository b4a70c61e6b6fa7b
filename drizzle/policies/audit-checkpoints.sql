alter table audit_checkpoints enable row level security;

grant select on audit_checkpoints to portcullis_tenant;
grant select, insert on audit_checkpoints to portcullis_sync;
grant select on audit_checkpoints to portcullis_host;
grant select, insert, delete on audit_checkpoints to portcullis_retention;

create policy host on audit_checkpoints for select to portcullis_host using (true);
create policy installation on audit_checkpoints for select to portcullis_tenant
  using (organization_id = (select portcullis_installation_log()));
-- A removal runs in parts and states each of them. Only the last of these checkpoints is kept.
create policy removals on audit_checkpoints as restrictive for delete to portcullis_retention
  using (kind = 'removal');
create policy retention on audit_checkpoints to portcullis_retention using (true) with check (true);
create policy sync on audit_checkpoints to portcullis_sync using (true) with check (true);
create policy tenant on audit_checkpoints to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
