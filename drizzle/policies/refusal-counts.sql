alter table refusal_counts enable row level security;

grant select, delete on refusal_counts to portcullis_sync;

create policy retention on refusal_counts to portcullis_retention using (true) with check (true);
create policy sync on refusal_counts to portcullis_sync using (true) with check (true);
create policy tenant on refusal_counts to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
