alter table invitations enable row level security;

grant select (invitation_id, organization_id, email, role, role_id, invited_by, created_at, expires_at, accepted_at,
  revoked_at), insert, update (revoked_at) on invitations to portcullis_tenant;
grant select, insert, update, delete on invitations to portcullis_host;
grant select, update (accepted_at) on invitations to portcullis_identity;

create policy host on invitations to portcullis_host using (true) with check (true);
create policy identity on invitations to portcullis_identity using (true) with check (true);
create policy tenant on invitations to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
