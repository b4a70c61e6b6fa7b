-- Gives a changed row its next version. The time in milliseconds makes a version unique also after an older backup of
-- the database was restored, where a plain counter would give two different states the same number.
create or replace function portcullis_next_version() returns trigger language plpgsql as $$
begin
  new.version := greatest(old.version + 1, floor(extract(epoch from clock_timestamp()) * 1000)::bigint);
  return new;
end $$;

revoke execute on function portcullis_next_version from public;

-- Each condition names what the operations on the row change. What the product itself writes (times of use, leases, the
-- outbox) leaves the version.
create or replace trigger api_keys_version before update on api_keys for each row
  when ((old.name, old.allowed_ips, old.requests_per_minute, old.expires_at, old.revoked_at, old.rotated_to)
    is distinct from (new.name, new.allowed_ips, new.requests_per_minute, new.expires_at, new.revoked_at, new.rotated_to))
  execute function portcullis_next_version();
create or replace trigger applications_version before update on applications for each row
  when ((old.name, old.access, old.hash_algorithm, old.environment_id, old.closed_at, old.closed_reason)
    is distinct from (new.name, new.access, new.hash_algorithm, new.environment_id, new.closed_at, new.closed_reason))
  execute function portcullis_next_version();
create or replace trigger environments_version before update on environments for each row
  when ((old.name, old.kind) is distinct from (new.name, new.kind))
  execute function portcullis_next_version();
create or replace trigger gateways_version before update on gateways for each row
  when ((old.name, old.address, old.probe_address, old.tags)
    is distinct from (new.name, new.address, new.probe_address, new.tags))
  execute function portcullis_next_version();
create or replace trigger members_version before update on members for each row
  when ((old.role, old.role_id) is distinct from (new.role, new.role_id))
  execute function portcullis_next_version();
-- The client secret counts, and a rotation of the installation's secret, which encrypts the same client secret again,
-- does not. Only the role host does that.
create or replace trigger oidc_providers_version before update on oidc_providers for each row
  when ((old.name, old.issuer, old.internal_url, old.client_id, old.scopes, old.groups_claim, old.allowed_emails,
      old.allowed_domains, old.allowed_groups, old.group_roles, old.trusted_domains, old.email_proof,
      old.creates_persons, old.enabled)
    is distinct from (new.name, new.issuer, new.internal_url, new.client_id, new.scopes, new.groups_claim,
      new.allowed_emails, new.allowed_domains, new.allowed_groups, new.group_roles, new.trusted_domains,
      new.email_proof, new.creates_persons, new.enabled)
    or (old.client_secret_sealed is distinct from new.client_secret_sealed and current_user <> 'portcullis_host'))
  execute function portcullis_next_version();
create or replace trigger organizations_version before update on organizations for each row
  when ((old.name, old.default_access, old.never_public, old.password_policy, old.upstreams,
      old.require_second_factor, old.max_key_days, old.max_keys_per_member, old.key_requests_per_minute)
    is distinct from (new.name, new.default_access, new.never_public, new.password_policy, new.upstreams,
      new.require_second_factor, new.max_key_days, new.max_keys_per_member, new.key_requests_per_minute))
  execute function portcullis_next_version();
create or replace trigger projects_version before update on projects for each row
  when (old.name is distinct from new.name)
  execute function portcullis_next_version();
create or replace trigger roles_version before update on roles for each row
  when ((old.name, old.permissions) is distinct from (new.name, new.permissions))
  execute function portcullis_next_version();
create or replace trigger routes_version before update on routes for each row
  when ((old.host, old.path_prefix, old.upstreams, old.enabled)
    is distinct from (new.host, new.path_prefix, new.upstreams, new.enabled))
  execute function portcullis_next_version();
-- As for the client secret of a provider: another hash is another password, unless it was only encrypted again.
create or replace trigger security_version before update on security for each row
  when ((old.username, old.hash_algorithm, old.expires_at, old.password_changed_at)
    is distinct from (new.username, new.hash_algorithm, new.expires_at, new.password_changed_at)
    or (old.hash_sealed is distinct from new.hash_sealed and current_user <> 'portcullis_host'))
  execute function portcullis_next_version();
create or replace trigger service_accounts_version before update on service_accounts for each row
  when ((old.name, old.role, old.role_id) is distinct from (new.name, new.role, new.role_id))
  execute function portcullis_next_version();
create or replace trigger users_version before update on users for each row
  when ((old.name, old.locale, old.email) is distinct from (new.name, new.locale, new.email))
  execute function portcullis_next_version();
