alter table gateways enable row level security;

grant select (gateway_id, name, target, address, probe_address, tags, revision, loaded_revision, loaded_at,
  lease_until, cause, cause_since, condition, condition_at, compared_at, created_at, version) on gateways to portcullis_tenant;
grant select, update (nonce, epoch, revision, digest, loaded_revision, loaded_at, lease_holder, lease_term,
  lease_until, cause, cause_since, condition, condition_at, compared_at, foreign_files) on gateways to portcullis_sync;
grant select, insert, update, delete on gateways to portcullis_host;

create policy host on gateways to portcullis_host using (true) with check (true);
create policy sync on gateways to portcullis_sync using (true) with check (true);
create policy tenant on gateways for select to portcullis_tenant
  using (exists (select 1 from organization_gateways g
    where g.gateway_id = gateways.gateway_id and g.organization_id = portcullis_organization()));
