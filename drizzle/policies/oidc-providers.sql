alter table oidc_providers enable row level security;

grant select (provider_id, organization_id, slug, name, issuer, internal_url, client_id, scopes, groups_claim,
  allowed_emails, allowed_domains, allowed_groups, group_roles, trusted_domains, creates_persons, enabled,
  created_at, email_proof, last_refusal, version), insert, update, delete on oidc_providers to portcullis_tenant;
grant select, insert, update, delete on oidc_providers to portcullis_host;
grant select, insert, update, delete on oidc_providers to portcullis_identity;

create policy host on oidc_providers to portcullis_host using (true) with check (true);
create policy identity on oidc_providers to portcullis_identity using (true) with check (true);
-- The root organization administers the installation: it sees the providers from the settings, and cannot change them.
create policy installation on oidc_providers for select to portcullis_tenant
  using (organization_id is null and exists (select 1 from organizations o
    where o.organization_id = portcullis_organization() and o.root));
create policy tenant on oidc_providers to portcullis_tenant
  using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
