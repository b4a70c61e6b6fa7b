-- Who may do what inside the database. The roles themselves belong to the cluster and are made before the migrations
-- (src/persistence/roles.ts):
--   portcullis_gate    what every session is until it enters a transaction: may only call functions
--   portcullis_tenant  one organization, bound by row-level security
--   portcullis_sync    reads all, writes only what is its own
--   portcullis_host    the installation itself: set-up, organizations, gateways, break-glass commands
grant usage on schema public to portcullis_gate, portcullis_tenant, portcullis_sync, portcullis_host;
--> statement-breakpoint
create function portcullis_organization() returns text language sql stable
  return nullif(current_setting('portcullis.organization_id', true), '');
--> statement-breakpoint
-- Every table with rows of an organization: the tenant role sees and writes its own organization's rows only;
-- the sync role reads all; the host role reads and writes all.
do $$
declare t text;
begin
  foreach t in array array['organizations', 'members', 'projects', 'environments', 'applications', 'security', 'routes',
    'claims', 'organization_gateways', 'api_keys', 'audit_entries', 'changes', 'application_states'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy tenant on %I to portcullis_tenant using (organization_id = portcullis_organization()) with check (organization_id = portcullis_organization())', t);
    execute format('create policy sync_reads on %I for select to portcullis_sync using (true)', t);
    execute format('create policy host on %I to portcullis_host using (true) with check (true)', t);
  end loop;
end $$;
--> statement-breakpoint
alter table users enable row level security;
--> statement-breakpoint
create policy tenant on users for select to portcullis_tenant
  using (exists (select 1 from members m where m.user_id = users.user_id and m.organization_id = portcullis_organization()));
--> statement-breakpoint
create policy host on users to portcullis_host using (true) with check (true);
--> statement-breakpoint
alter table gateways enable row level security;
--> statement-breakpoint
create policy tenant on gateways for select to portcullis_tenant
  using (exists (select 1 from organization_gateways g where g.gateway_id = gateways.gateway_id and g.organization_id = portcullis_organization()));
--> statement-breakpoint
create policy sync on gateways to portcullis_sync using (true) with check (true);
--> statement-breakpoint
create policy host on gateways to portcullis_host using (true) with check (true);
--> statement-breakpoint
-- No column is granted that no verb reads or changes: not the hashes, and not what one organization was given by the
-- installation (where its routes may lead, whether it is the founding one).
grant select, insert, update, delete on projects, environments, routes to portcullis_tenant;
--> statement-breakpoint
grant select, insert, update (name, access, opened_by, hash_algorithm), delete on applications to portcullis_tenant;
--> statement-breakpoint
grant select (security_id, organization_id, application_id, username, hash_algorithm, created_at, password_changed_at,
  expires_at, last_used_at), insert, update, delete on security to portcullis_tenant;
--> statement-breakpoint
grant select, update (name, default_access, never_public, password_policy), delete on organizations to portcullis_tenant;
--> statement-breakpoint
grant select, delete on members to portcullis_tenant;
--> statement-breakpoint
grant select on users, organization_gateways, claims, application_states to portcullis_tenant;
--> statement-breakpoint
grant select (api_key_id, organization_id, user_id, name, role, created_at, expires_at, revoked_at, last_used_at), insert,
  update (name, revoked_at) on api_keys to portcullis_tenant;
--> statement-breakpoint
grant select, insert on audit_entries, changes to portcullis_tenant;
--> statement-breakpoint
grant select (gateway_id, name, target, address, probe_address, tags, revision, loaded_revision, loaded_at, lease_until,
  cause, cause_since, compared_at, created_at) on gateways to portcullis_tenant;
--> statement-breakpoint
grant select on installation, organizations, projects, environments, applications, security, routes, claims, gateways,
  organization_gateways, audit_entries, changes, application_states, deliveries to portcullis_sync;
--> statement-breakpoint
grant insert, update, delete on application_states, deliveries to portcullis_sync;
--> statement-breakpoint
grant update, delete on changes to portcullis_sync;
--> statement-breakpoint
grant insert on changes to portcullis_sync;
--> statement-breakpoint
create policy sync_writes on application_states to portcullis_sync using (true) with check (true);
--> statement-breakpoint
create policy sync_writes on changes to portcullis_sync using (true) with check (true);
--> statement-breakpoint
grant update (nonce, epoch, revision, digest, loaded_revision, loaded_at, lease_holder, lease_term, lease_until, cause,
  cause_since, compared_at, foreign_files) on gateways to portcullis_sync;
--> statement-breakpoint
grant update (sequence, hash) on audit_entries to portcullis_sync;
--> statement-breakpoint
create policy sync_seals on audit_entries for update to portcullis_sync using (true) with check (true);
--> statement-breakpoint
grant select, insert, update, delete on installation, organizations, members, users, gateways, organization_gateways,
  api_keys to portcullis_host;
--> statement-breakpoint
grant select on projects, environments, applications, routes, claims, application_states, deliveries to portcullis_host;
--> statement-breakpoint
grant select, insert on audit_entries, changes to portcullis_host;
--> statement-breakpoint
-- The audit log is append-only for everybody: an entry is sealed once, and never changed or removed.
create function portcullis_audit_is_append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.hash is null and old.sequence is null
     and (to_jsonb(new) - 'sequence' - 'hash') = (to_jsonb(old) - 'sequence' - 'hash') then
    return new;
  end if;
  raise exception 'audit entries are append-only' using errcode = 'insufficient_privilege';
end $$;
--> statement-breakpoint
create trigger audit_entries_append_only before update or delete on audit_entries
  for each row execute function portcullis_audit_is_append_only();
--> statement-breakpoint
create trigger audit_entries_no_truncate before truncate on audit_entries
  for each statement execute function portcullis_audit_is_append_only();
--> statement-breakpoint
-- What a verb needs of an application and the chain above it.
create function portcullis_application(p_application_id text, p_organization_id text) returns jsonb
  language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object('applicationId', a.application_id, 'organizationId', a.organization_id,
    'environmentId', a.environment_id, 'environmentKind', e.kind, 'projectId', e.project_id, 'gatewayId', a.gateway_id,
    'name', a.name, 'slug', a.slug, 'access', a.access, 'openedBy', a.opened_by, 'hashAlgorithm', a.hash_algorithm)
  from applications a join environments e on e.environment_id = a.environment_id
  where a.application_id = p_application_id and a.organization_id = p_organization_id
$$;
--> statement-breakpoint
-- One statement for "who is asking, and where is the object": the principal (a key by its hash, or the host's command
-- line for an organization), the organization, and the object with its chain if it is in that organization.
-- p_lock: '' reads; 'share' keeps a parent from going away; 'update' serializes the verbs of one application or parent.
-- No row: no such key or organization. object null: not in the caller's organization.
create function portcullis_authorize(p_key_hash text, p_organization_id text, p_kind text, p_id text, p_lock text)
  returns table (api_key jsonb, organization jsonb, object jsonb)
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_key api_keys%rowtype;
  v_org text := p_organization_id;
  v_application text;
  v_founding boolean;
begin
  if p_key_hash is not null then
    select * into v_key from api_keys k where k.hash = p_key_hash;
    if not found then return; end if;
    v_org := v_key.organization_id;
    api_key := jsonb_build_object('apiKeyId', v_key.api_key_id, 'userId', v_key.user_id, 'role', v_key.role,
      'expiresAt', v_key.expires_at, 'revokedAt', v_key.revoked_at, 'lastUsedAt', v_key.last_used_at);
  end if;
  -- Inside an organization's transaction nothing of another one is told, whatever is asked.
  if v_org <> portcullis_organization() then
    organization := jsonb_build_object('organizationId', v_org);
    return next;
    return;
  end if;
  if p_kind = 'organization' and p_lock = 'update' and coalesce(p_id, v_org) = v_org then
    perform 1 from organizations o where o.organization_id = v_org for no key update;
  elsif p_kind = 'organization' and p_lock = 'share' and coalesce(p_id, v_org) = v_org then
    perform 1 from organizations o where o.organization_id = v_org for key share;
  end if;
  select jsonb_build_object('organizationId', o.organization_id, 'name', o.name, 'slug', o.slug,
      'defaultAccess', o.default_access, 'neverPublic', o.never_public, 'passwordPolicy', o.password_policy,
      'upstreams', o.upstreams, 'founding', o.founding), o.founding
    into organization, v_founding
    from organizations o where o.organization_id = v_org;
  if not found then return; end if;

  case p_kind
    when 'organization' then
      if coalesce(p_id, v_org) = v_org then object := organization; end if;
    when 'project' then
      if p_lock = 'update' then
        perform 1 from projects p where p.project_id = p_id and p.organization_id = v_org for no key update;
      elsif p_lock = 'share' then
        perform 1 from projects p where p.project_id = p_id and p.organization_id = v_org for key share;
      end if;
      select jsonb_build_object('projectId', p.project_id, 'organizationId', p.organization_id, 'name', p.name,
        'slug', p.slug) into object
        from projects p where p.project_id = p_id and p.organization_id = v_org;
    when 'environment' then
      if p_lock = 'update' then
        perform 1 from environments e where e.environment_id = p_id and e.organization_id = v_org for no key update;
      elsif p_lock = 'share' then
        perform 1 from environments e where e.environment_id = p_id and e.organization_id = v_org for key share;
      end if;
      select jsonb_build_object('environmentId', e.environment_id, 'organizationId', e.organization_id,
        'projectId', e.project_id, 'name', e.name, 'slug', e.slug, 'kind', e.kind) into object
        from environments e where e.environment_id = p_id and e.organization_id = v_org;
    when 'application', 'credential', 'route' then
      v_application := case p_kind
        when 'application' then p_id
        when 'credential' then (select s.application_id from security s where s.security_id = p_id and s.organization_id = v_org)
        else (select r.application_id from routes r where r.route_id = p_id and r.organization_id = v_org) end;
      if p_lock <> '' then
        perform 1 from applications a
          where a.application_id = v_application and a.organization_id = v_org for no key update;
      end if;
      object := portcullis_application(v_application, v_org);
      if p_kind = 'credential' then
        select jsonb_build_object('securityId', s.security_id, 'username', s.username, 'application', object) into object
          from security s where s.security_id = p_id and s.organization_id = v_org and object is not null;
      elsif p_kind = 'route' then
        select jsonb_build_object('routeId', r.route_id, 'host', r.host, 'pathPrefix', r.path_prefix, 'application', object)
          into object from routes r where r.route_id = p_id and r.organization_id = v_org and object is not null;
      end if;
    when 'claim' then
      select jsonb_build_object('claimId', c.claim_id, 'organizationId', c.organization_id, 'gatewayId', c.gateway_id,
        'kind', c.kind, 'value', c.value, 'denyGroup', c.deny_group) into object
        from claims c where c.claim_id = p_id and c.organization_id = v_org;
    when 'apiKey' then
      select jsonb_build_object('apiKeyId', k.api_key_id, 'organizationId', k.organization_id, 'name', k.name,
        'role', k.role, 'expiresAt', k.expires_at, 'revokedAt', k.revoked_at) into object
        from api_keys k where k.api_key_id = p_id and k.organization_id = v_org;
    when 'gateway' then
      -- The founding organization's owners manage every gateway; others see those that they are allowed on.
      select jsonb_build_object('gatewayId', g.gateway_id, 'name', g.name, 'address', g.address,
        'probeAddress', g.probe_address, 'tags', g.tags) into object
        from gateways g where g.gateway_id = p_id and (v_founding or exists (
          select 1 from organization_gateways a where a.gateway_id = g.gateway_id and a.organization_id = v_org));
    when 'change' then
      select jsonb_build_object('changeId', c.change_id, 'organizationId', c.organization_id) into object
        from changes c where c.change_id = p_id and c.organization_id = v_org limit 1;
    when 'auditEntry' then
      select jsonb_build_object('auditId', a.audit_id, 'organizationId', a.organization_id) into object
        from audit_entries a where a.audit_id = p_id and a.organization_id = v_org;
    else
      raise exception 'no such kind of object: %', p_kind;
  end case;
  -- Whoever waited for the lock may have lost the key meanwhile.
  if p_lock <> '' and p_key_hash is not null then
    select api_key || jsonb_build_object('role', k.role, 'expiresAt', k.expires_at, 'revokedAt', k.revoked_at)
      into api_key from api_keys k where k.hash = p_key_hash;
    if not found then return; end if;
  end if;
  return next;
end $$;
--> statement-breakpoint
create function portcullis_touch_key(p_api_key_id text, p_now timestamptz) returns void
  language sql volatile security definer set search_path = public, pg_temp as $$
  update api_keys set last_used_at = p_now
  where api_key_id = p_api_key_id and (last_used_at is null or last_used_at < p_now - interval '1 minute')
$$;
--> statement-breakpoint
-- Claims see all organizations, answer only taken or free, and go one after another per gateway.
create function portcullis_lock_claims(p_gateway_id text) returns void
  language sql volatile as $$ select pg_advisory_xact_lock(hashtextextended('portcullis:claims:' || p_gateway_id, 0)) $$;
--> statement-breakpoint
-- Claims a host for the transaction's organization. Hosts under one parent overlap when they are equal or either is the
-- parent's wildcard.
create function portcullis_claim_host(p_claim_id text, p_gateway_id text, p_host text, p_parent text, p_wildcard boolean, p_now timestamptz)
  returns table (outcome text, deny_group integer)
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_org text := portcullis_organization();
begin
  if v_org is null then raise exception 'no organization is set'; end if;
  perform portcullis_lock_claims(p_gateway_id);
  if exists (select 1 from claims c where c.gateway_id = p_gateway_id and c.kind = 'host' and c.organization_id <> v_org
      and (c.value = p_host or (c.parent = p_parent and (c.wildcard or p_wildcard)))) then
    outcome := 'taken';
    return next;
    return;
  end if;
  select 'held', c.deny_group into outcome, deny_group
    from claims c where c.gateway_id = p_gateway_id and c.kind = 'host' and c.value = p_host;
  if found then return next; return; end if;
  select max(c.deny_group) into deny_group
    from claims c where c.organization_id = v_org and c.gateway_id = p_gateway_id;
  if deny_group is null then
    deny_group := 0;
  elsif (select count(*) from claims c where c.organization_id = v_org and c.gateway_id = p_gateway_id
      and c.deny_group = portcullis_claim_host.deny_group) >= 100 then
    deny_group := deny_group + 1;
  end if;
  insert into claims (claim_id, organization_id, gateway_id, kind, value, parent, wildcard, deny_group, created_at)
    values (p_claim_id, v_org, p_gateway_id, 'host', p_host, p_parent, p_wildcard, portcullis_claim_host.deny_group, p_now);
  outcome := 'claimed';
  return next;
end $$;
--> statement-breakpoint
create function portcullis_claim_upstreams(p_claim_ids text[], p_gateway_id text, p_keys text[], p_now timestamptz) returns text
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_org text := portcullis_organization();
begin
  if v_org is null then raise exception 'no organization is set'; end if;
  perform portcullis_lock_claims(p_gateway_id);
  if exists (select 1 from claims c where c.gateway_id = p_gateway_id and c.kind = 'upstream'
      and c.organization_id <> v_org and c.value = any (p_keys)) then
    return 'taken';
  end if;
  insert into claims (claim_id, organization_id, gateway_id, kind, value, created_at)
    select n.claim_id, v_org, p_gateway_id, 'upstream', n.value, p_now
    from unnest(p_claim_ids, p_keys) as n (claim_id, value)
    where not exists (select 1 from claims c where c.gateway_id = p_gateway_id and c.kind = 'upstream' and c.value = n.value);
  return 'claimed';
end $$;
--> statement-breakpoint
-- Ends the transaction's organization's claims of upstreams that no route leads to any more.
create function portcullis_release_upstreams(p_gateway_id text, p_keys text[]) returns void
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
  perform portcullis_lock_claims(p_gateway_id);
  delete from claims c
    where c.gateway_id = p_gateway_id and c.kind = 'upstream' and c.organization_id = portcullis_organization()
      and c.value = any (p_keys)
      and not exists (select 1 from routes r where r.gateway_id = p_gateway_id and r.upstream_keys @> array[c.value]);
end $$;
--> statement-breakpoint
-- Ends a host claim that no route needs: 'released', 'in_use', or 'gone'.
create function portcullis_release_host(p_claim_id text, p_gateway_id text) returns text
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_host text;
begin
  perform portcullis_lock_claims(p_gateway_id);
  select c.value into v_host from claims c
    where c.claim_id = p_claim_id and c.gateway_id = p_gateway_id and c.kind = 'host'
      and c.organization_id = portcullis_organization();
  if not found then return 'gone'; end if;
  if exists (select 1 from routes r where r.gateway_id = p_gateway_id and r.host = v_host) then return 'in_use'; end if;
  delete from claims c where c.claim_id = p_claim_id;
  return 'released';
end $$;
--> statement-breakpoint
revoke execute on function portcullis_organization, portcullis_application, portcullis_authorize, portcullis_touch_key,
  portcullis_lock_claims, portcullis_claim_host, portcullis_claim_upstreams, portcullis_release_upstreams,
  portcullis_release_host, portcullis_audit_is_append_only from public;
--> statement-breakpoint
grant execute on function portcullis_organization to portcullis_gate, portcullis_tenant, portcullis_sync, portcullis_host;
--> statement-breakpoint
grant execute on function portcullis_authorize, portcullis_touch_key to portcullis_gate;
--> statement-breakpoint
grant execute on function portcullis_authorize, portcullis_claim_host, portcullis_claim_upstreams,
  portcullis_release_upstreams, portcullis_release_host to portcullis_tenant;
--> statement-breakpoint
grant execute on function portcullis_authorize to portcullis_host;
