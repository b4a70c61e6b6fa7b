-- Persons, their sessions and factors belong to no organization: one more role sees them, and nothing of a tenant's but
-- what sign-in needs. Another may remove old audit entries, and nothing else (both are made in src/persistence/roles.ts).
--   portcullis_identity   who is asking: persons, sessions, second factors, links, limits
--   portcullis_retention  removes audit entries that are older than the organization keeps them
grant usage on schema public to portcullis_identity, portcullis_retention;
--> statement-breakpoint
do $$
declare t text;
begin
  foreach t in array array['roles', 'service_accounts', 'project_roles', 'invitations'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy tenant on %I to portcullis_tenant using (organization_id = portcullis_organization()) with check (organization_id = portcullis_organization())', t);
    execute format('create policy host on %I to portcullis_host using (true) with check (true)', t);
    execute format('create policy identity on %I to portcullis_identity using (true) with check (true)', t);
  end loop;
  foreach t in array array['passwords', 'totp_secrets', 'recovery_codes', 'passkeys', 'sessions', 'challenges', 'links',
    'limits', 'identities'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy identity on %I to portcullis_identity using (true) with check (true)', t);
    execute format('create policy host on %I to portcullis_host using (true) with check (true)', t);
    execute format('grant select, insert, update, delete on %I to portcullis_identity', t);
    execute format('grant select, insert, update, delete on %I to portcullis_host', t);
  end loop;
end $$;
--> statement-breakpoint
grant select, insert, update, delete on roles, service_accounts, project_roles, invitations, oidc_providers to portcullis_host;
--> statement-breakpoint
-- Reseals what a former secret sealed, and changes nothing else of a credential.
grant select (security_id, hash_sealed), update (hash_sealed) on security to portcullis_host;
--> statement-breakpoint
grant select, insert, update (name, permissions), delete on roles to portcullis_tenant;
--> statement-breakpoint
grant select, insert, update (name, role, role_id), delete on service_accounts to portcullis_tenant;
--> statement-breakpoint
grant select, insert, update (role, role_id), delete on project_roles to portcullis_tenant;
--> statement-breakpoint
grant select (invitation_id, organization_id, email, role, role_id, invited_by, created_at, expires_at, accepted_at,
  revoked_at), insert, update (revoked_at) on invitations to portcullis_tenant;
--> statement-breakpoint
grant update (role, role_id) on members to portcullis_tenant;
--> statement-breakpoint
grant select (service_account_id, role_id, scopes, project_id, allowed_ips, requests_per_minute, last_used_ip, rotated_to),
  update (allowed_ips, requests_per_minute, expires_at, rotated_to) on api_keys to portcullis_tenant;
--> statement-breakpoint
grant update (require_second_factor, max_key_days, max_keys_per_member, key_requests_per_minute) on organizations
  to portcullis_tenant;
--> statement-breakpoint
alter table oidc_providers enable row level security;
--> statement-breakpoint
create policy tenant on oidc_providers to portcullis_tenant using (organization_id = portcullis_organization())
  with check (organization_id = portcullis_organization());
--> statement-breakpoint
create policy host on oidc_providers to portcullis_host using (true) with check (true);
--> statement-breakpoint
create policy identity on oidc_providers to portcullis_identity using (true) with check (true);
--> statement-breakpoint
grant select (provider_id, organization_id, slug, name, issuer, internal_url, client_id, scopes, groups_claim,
  allowed_emails, allowed_domains, allowed_groups, group_roles, trusted_domains, creates_persons, enabled, created_at),
  insert, update, delete on oidc_providers to portcullis_tenant;
--> statement-breakpoint
grant select, insert, update, delete on oidc_providers to portcullis_identity;
--> statement-breakpoint
-- What sign-in has to know and write of the rest.
do $$
declare t text;
begin
  foreach t in array array['users', 'members', 'organizations', 'projects', 'audit_entries'] loop
    execute format('create policy identity on %I to portcullis_identity using (true) with check (true)', t);
  end loop;
end $$;
--> statement-breakpoint
grant select, insert, update on users to portcullis_identity;
--> statement-breakpoint
grant select, insert, update (role, role_id) on members to portcullis_identity;
--> statement-breakpoint
grant select on organizations, projects, roles, service_accounts, project_roles, installation to portcullis_identity;
--> statement-breakpoint
grant select, update (accepted_at) on invitations to portcullis_identity;
--> statement-breakpoint
grant insert on audit_entries to portcullis_identity;
--> statement-breakpoint
-- Nobody reads or writes it but by portcullis_take_request.
alter table key_requests enable row level security;
--> statement-breakpoint
alter table refusal_counts enable row level security;
--> statement-breakpoint
alter table audit_checkpoints enable row level security;
--> statement-breakpoint
do $$
declare t text;
begin
  foreach t in array array['refusal_counts', 'audit_checkpoints'] loop
    execute format('create policy tenant on %I to portcullis_tenant using (organization_id = portcullis_organization()) with check (organization_id = portcullis_organization())', t);
    execute format('create policy sync on %I to portcullis_sync using (true) with check (true)', t);
    execute format('create policy retention on %I to portcullis_retention using (true) with check (true)', t);
  end loop;
end $$;
--> statement-breakpoint
grant select on audit_checkpoints to portcullis_tenant;
--> statement-breakpoint
grant select, insert on audit_checkpoints to portcullis_sync, portcullis_retention;
--> statement-breakpoint
grant select, delete on refusal_counts to portcullis_sync;
--> statement-breakpoint
create policy retention on audit_entries to portcullis_retention using (true);
--> statement-breakpoint
grant select, delete on audit_entries to portcullis_retention;
--> statement-breakpoint
-- An entry is sealed once and never changed; only retention removes one, and only a sealed one.
create or replace function portcullis_audit_is_append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.hash is null and old.sequence is null
     and (to_jsonb(new) - 'sequence' - 'hash') = (to_jsonb(old) - 'sequence' - 'hash') then
    return new;
  end if;
  if tg_op = 'DELETE' and current_user = 'portcullis_retention' and old.hash is not null then
    return old;
  end if;
  raise exception 'audit entries are append-only' using errcode = 'insufficient_privilege';
end $$;
--> statement-breakpoint
-- What a role gives: a built-in one by its name, one of the organization's own by its words. A role of another
-- organization gives nothing.
-- (In PL/pgSQL, as all that every request asks: a function in SQL is planned anew at each call.)
create function portcullis_grant(p_role text, p_role_id text, p_organization_id text) returns jsonb
  language plpgsql stable set search_path = public, pg_temp as $$
begin
  if p_role is not null then return jsonb_build_object('role', p_role, 'permissions', null); end if;
  if p_role_id is null then return null; end if;
  return jsonb_build_object('role', null, 'permissions', coalesce((select to_jsonb(r.permissions)
    from roles r where r.role_id = p_role_id and r.organization_id = p_organization_id), '[]'::jsonb));
end $$;
--> statement-breakpoint
-- What a person is in an organization and at one of its projects; null for who is no member.
create function portcullis_standing(p_user_id text, p_organization_id text, p_project_id text) returns jsonb
  language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_member members%rowtype;
  v_at project_roles%rowtype;
begin
  select * into v_member from members m where m.user_id = p_user_id and m.organization_id = p_organization_id;
  if not found then return null; end if;
  if p_project_id is not null then
    select * into v_at from project_roles p where p.member_id = v_member.member_id and p.project_id = p_project_id
      and p.organization_id = v_member.organization_id;
  end if;
  return jsonb_build_object(
    'organization', portcullis_grant(v_member.role, v_member.role_id, v_member.organization_id),
    'project', portcullis_grant(v_at.role, v_at.role_id, v_at.organization_id));
end $$;
--> statement-breakpoint
-- What whoever holds a key or a session is: a person, a service account, or, without either, the host's command line
-- and the keys that it made.
create function portcullis_holder(p_user_id text, p_service_account_id text, p_organization_id text, p_project_id text)
  returns jsonb language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_account service_accounts%rowtype;
begin
  if p_user_id is not null then return portcullis_standing(p_user_id, p_organization_id, p_project_id); end if;
  if p_service_account_id is null then
    return '{"organization": {"role": "owner", "permissions": null}, "project": null}'::jsonb;
  end if;
  select * into v_account from service_accounts s
    where s.service_account_id = p_service_account_id and s.organization_id = p_organization_id;
  if not found then return null; end if;
  return jsonb_build_object('organization', portcullis_grant(v_account.role, v_account.role_id, v_account.organization_id),
    'project', null);
end $$;
--> statement-breakpoint
create or replace function portcullis_application(p_application_id text, p_organization_id text) returns jsonb
  language plpgsql stable set search_path = public, pg_temp as $$
begin
  return (select jsonb_build_object('applicationId', a.application_id, 'organizationId', a.organization_id,
      'environmentId', a.environment_id, 'environmentKind', e.kind, 'projectId', e.project_id, 'gatewayId', a.gateway_id,
      'name', a.name, 'slug', a.slug, 'access', a.access, 'openedBy', a.opened_by, 'hashAlgorithm', a.hash_algorithm)
    from applications a join environments e on e.environment_id = a.environment_id
    where a.application_id = p_application_id and a.organization_id = p_organization_id);
end $$;
--> statement-breakpoint
-- Who is asking: a key or a session by the hash of its secret, or the host's command line. No row: nobody.
-- organization_id: which organization the request is about. theirs: whether that is the one that was asked for.
create function portcullis_principal(p_presented text, p_hash text, p_organization_id text)
  returns table (principal jsonb, organization_id text, theirs boolean)
  language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_key api_keys%rowtype;
  v_session sessions%rowtype;
begin
  if p_presented = 'commandLine' then
    principal := jsonb_build_object('kind', 'commandLine');
    organization_id := p_organization_id;
    theirs := true;
    return next;
  elsif p_presented = 'apiKey' then
    select * into v_key from api_keys k where k.hash = p_hash;
    if not found then return; end if;
    principal := jsonb_build_object('kind', 'apiKey', 'apiKeyId', v_key.api_key_id, 'name', v_key.name,
      'userId', v_key.user_id, 'serviceAccountId', v_key.service_account_id,
      'grant', coalesce(portcullis_grant(v_key.role, v_key.role_id, v_key.organization_id),
        jsonb_build_object('role', null, 'permissions', coalesce(to_jsonb(v_key.scopes), '[]'::jsonb))),
      'projectId', v_key.project_id, 'allowedIps', v_key.allowed_ips, 'requestsPerMinute', v_key.requests_per_minute,
      'expiresAt', v_key.expires_at, 'revokedAt', v_key.revoked_at, 'rotatedTo', v_key.rotated_to,
      'lastUsedAt', v_key.last_used_at, 'lastUsedIp', v_key.last_used_ip);
    organization_id := v_key.organization_id;
    theirs := p_organization_id is null or p_organization_id = v_key.organization_id;
    return next;
  elsif p_presented = 'session' then
    select * into v_session from sessions s where s.hash = p_hash;
    if not found then return; end if;
    -- What an organization's own provider says of a person is believed in that organization and nowhere else.
    select m.organization_id into organization_id from members m where m.user_id = v_session.user_id
        and (v_session.bound_to is null or m.organization_id = v_session.bound_to)
      order by m.organization_id = p_organization_id desc nulls last, m.organization_id = v_session.organization_id desc nulls last,
        m.created_at, m.organization_id
      limit 1;
    theirs := p_organization_id is null or p_organization_id is not distinct from organization_id;
    -- A stranger's organization: the request stays with the person's own, for the audit log.
    if not theirs then
      select m.organization_id into organization_id from members m where m.user_id = v_session.user_id
          and (v_session.bound_to is null or m.organization_id = v_session.bound_to)
        order by m.organization_id = v_session.organization_id desc nulls last, m.created_at, m.organization_id limit 1;
    end if;
    select jsonb_build_object('kind', 'session', 'sessionId', v_session.session_id, 'userId', u.user_id, 'email', u.email,
      'name', u.name, 'stage', v_session.stage, 'methods', to_jsonb(v_session.methods), 'local', v_session.local, 'boundTo', v_session.bound_to,
      'expiresAt', v_session.expires_at, 'lastSeenAt', v_session.last_seen_at, 'idleSeconds', v_session.idle_seconds,
      'mustChangePassword', coalesce((select p.must_change from passwords p where p.user_id = u.user_id), false),
      'hasSecondFactor', exists (select 1 from totp_secrets t where t.user_id = u.user_id and t.confirmed_at is not null)
        or exists (select 1 from passkeys k where k.user_id = u.user_id))
      into principal from users u where u.user_id = v_session.user_id;
    if organization_id is null then select i.installation_id into organization_id from installation i; end if;
    return next;
  end if;
end $$;
--> statement-breakpoint
drop function portcullis_authorize(text, text, text, text, text);
--> statement-breakpoint
-- One statement for "who is asking, and where is the object": the principal with what it may do there, the organization,
-- the object with its chain if it is in that organization, and the project it belongs to.
-- p_lock: '' reads; 'share' keeps a parent from going away; 'update' serializes the verbs of one application or parent.
-- No row: nobody, or no such organization. object null: not in the caller's organization.
create function portcullis_authorize(p_presented text, p_hash text, p_organization_id text, p_kind text, p_id text, p_lock text)
  returns table (principal jsonb, organization jsonb, object jsonb, project_id text)
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_org text;
  v_theirs boolean;
  v_user text;
  v_application text;
  v_founding boolean;
begin
  select p.principal, p.organization_id, p.theirs into principal, v_org, v_theirs
    from portcullis_principal(p_presented, p_hash, p_organization_id) p;
  if not found then return; end if;
  v_user := principal ->> 'userId';
  -- Inside an organization's transaction nothing of another one is told, whatever is asked.
  if v_org <> portcullis_organization() then
    organization := jsonb_build_object('organizationId', v_org);
    return next;
    return;
  end if;
  -- Who is what is decided by one verb at a time: the last owner, and what whoever gives a role has at that moment.
  if v_theirs and p_lock = 'update'
     and (p_kind in ('member', 'invitation', 'role') or p_kind = 'organization' and coalesce(p_id, v_org) = v_org) then
    perform 1 from organizations o where o.organization_id = v_org for no key update;
  elsif v_theirs and p_kind = 'organization' and p_lock = 'share' and coalesce(p_id, v_org) = v_org then
    perform 1 from organizations o where o.organization_id = v_org for key share;
  end if;
  select jsonb_build_object('organizationId', o.organization_id, 'name', o.name, 'slug', o.slug,
      'defaultAccess', o.default_access, 'neverPublic', o.never_public, 'passwordPolicy', o.password_policy,
      'upstreams', o.upstreams, 'founding', o.founding, 'requireSecondFactor', o.require_second_factor,
      'maxKeyDays', o.max_key_days, 'maxKeysPerMember', o.max_keys_per_member,
      'keyRequestsPerMinute', o.key_requests_per_minute), o.founding
    into organization, v_founding
    from organizations o where o.organization_id = v_org;
  if not found then
    if principal ->> 'kind' <> 'session' then return; end if;
    -- A person without an organization: what they do is the installation's.
    organization := jsonb_build_object('organizationId', v_org, 'name', '', 'slug', '', 'defaultAccess', 'protected',
      'neverPublic', false, 'passwordPolicy', 'advise', 'upstreams', 'checked', 'founding', false,
      'requireSecondFactor', false, 'maxKeyDays', null, 'maxKeysPerMember', 0, 'keyRequestsPerMinute', null);
  end if;

  if v_theirs then case p_kind
    when 'person' then
      if principal ->> 'kind' = 'session' and coalesce(p_id, v_user) = v_user then
        if p_lock = 'update' then
          perform 1 from users u where u.user_id = v_user for no key update;
        end if;
        select jsonb_build_object('userId', u.user_id, 'email', u.email, 'name', u.name) into object
          from users u where u.user_id = v_user;
      end if;
    when 'session' then
      select jsonb_build_object('sessionId', s.session_id, 'userId', s.user_id) into object
        from sessions s where s.session_id = p_id and s.user_id = v_user and principal ->> 'kind' = 'session';
    when 'passkey' then
      select jsonb_build_object('passkeyId', k.passkey_id, 'userId', k.user_id, 'name', k.name) into object
        from passkeys k where k.passkey_id = p_id and k.user_id = v_user and principal ->> 'kind' = 'session';
    when 'organization' then
      if coalesce(p_id, v_org) = v_org then object := organization; end if;
    when 'reach' then
      object := jsonb_build_object('organizationId', v_org, 'projects', coalesce((
        select jsonb_agg(jsonb_build_object('projectId', p.project_id,
            'grant', portcullis_grant(p.role, p.role_id, p.organization_id)))
          from project_roles p join members m on m.member_id = p.member_id
          where m.user_id = v_user and m.organization_id = v_org and p.organization_id = v_org), '[]'::jsonb));
    when 'member' then
      if p_lock = 'update' then
        perform 1 from members m where m.member_id = p_id and m.organization_id = v_org for no key update;
      end if;
      select jsonb_build_object('memberId', m.member_id, 'organizationId', m.organization_id, 'userId', m.user_id,
          'email', u.email, 'role', m.role, 'roleId', m.role_id) into object
        from members m join users u on u.user_id = m.user_id where m.member_id = p_id and m.organization_id = v_org;
    when 'invitation' then
      select jsonb_build_object('invitationId', i.invitation_id, 'organizationId', i.organization_id, 'email', i.email)
        into object from invitations i where i.invitation_id = p_id and i.organization_id = v_org;
    when 'role' then
      if p_lock = 'update' then
        perform 1 from roles r where r.role_id = p_id and r.organization_id = v_org for no key update;
      end if;
      select jsonb_build_object('roleId', r.role_id, 'organizationId', r.organization_id, 'name', r.name,
          'permissions', r.permissions) into object
        from roles r where r.role_id = p_id and r.organization_id = v_org;
    when 'serviceAccount' then
      if p_lock = 'update' then
        perform 1 from service_accounts s where s.service_account_id = p_id and s.organization_id = v_org for no key update;
      end if;
      select jsonb_build_object('serviceAccountId', s.service_account_id, 'organizationId', s.organization_id,
          'name', s.name, 'role', s.role, 'roleId', s.role_id) into object
        from service_accounts s where s.service_account_id = p_id and s.organization_id = v_org;
    when 'provider' then
      -- Those of the settings belong to the installation: nobody changes them here.
      select jsonb_build_object('providerId', o.provider_id, 'organizationId', o.organization_id, 'name', o.name,
          'slug', o.slug) into object
        from oidc_providers o where o.provider_id = p_id and o.organization_id = v_org;
    when 'project' then
      if p_lock = 'update' then
        perform 1 from projects p where p.project_id = p_id and p.organization_id = v_org for no key update;
      elsif p_lock = 'share' then
        perform 1 from projects p where p.project_id = p_id and p.organization_id = v_org for key share;
      end if;
      select jsonb_build_object('projectId', p.project_id, 'organizationId', p.organization_id, 'name', p.name,
        'slug', p.slug), p.project_id into object, project_id
        from projects p where p.project_id = p_id and p.organization_id = v_org;
    when 'environment' then
      if p_lock = 'update' then
        perform 1 from environments e where e.environment_id = p_id and e.organization_id = v_org for no key update;
      elsif p_lock = 'share' then
        perform 1 from environments e where e.environment_id = p_id and e.organization_id = v_org for key share;
      end if;
      select jsonb_build_object('environmentId', e.environment_id, 'organizationId', e.organization_id,
        'projectId', e.project_id, 'name', e.name, 'slug', e.slug, 'kind', e.kind), e.project_id into object, project_id
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
      project_id := object ->> 'projectId';
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
      if p_lock = 'update' then
        perform 1 from api_keys k where k.api_key_id = p_id and k.organization_id = v_org for no key update;
      end if;
      select jsonb_build_object('apiKeyId', k.api_key_id, 'organizationId', k.organization_id, 'name', k.name,
        'userId', k.user_id, 'serviceAccountId', k.service_account_id, 'projectId', k.project_id, 'role', k.role,
        'expiresAt', k.expires_at, 'revokedAt', k.revoked_at,
        'grant', coalesce(portcullis_grant(k.role, k.role_id, k.organization_id),
          jsonb_build_object('role', null, 'permissions', coalesce(to_jsonb(k.scopes), '[]'::jsonb))),
        'holder', portcullis_holder(k.user_id, k.service_account_id, v_org, k.project_id)), k.project_id
        into object, project_id
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
  end case; end if;
  -- Whoever waited for the lock may have lost the key or the session meanwhile.
  if p_lock <> '' and p_presented <> 'commandLine' then
    select p.principal into principal from portcullis_principal(p_presented, p_hash, p_organization_id) p;
    if not found then return; end if;
  end if;
  principal := principal || jsonb_build_object('standing',
    portcullis_holder(v_user, principal ->> 'serviceAccountId', v_org, project_id));
  return next;
end $$;
--> statement-breakpoint
-- The end of a key is only brought forward, and a revoked one stays so: no row that a verb writes gives one a longer life.
create function portcullis_key_ends_once() returns trigger language plpgsql as $$
begin
  if (old.expires_at is not null and (new.expires_at is null or new.expires_at > old.expires_at))
     or (old.revoked_at is not null and new.revoked_at is null) then
    raise exception 'the end of an API key is only brought forward' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
--> statement-breakpoint
create trigger api_keys_end_once before update of expires_at, revoked_at on api_keys
  for each row execute function portcullis_key_ends_once();
--> statement-breakpoint
drop function portcullis_touch_key(text, timestamptz);
--> statement-breakpoint
create function portcullis_touch_key(p_api_key_id text, p_now timestamptz, p_ip text) returns void
  language sql volatile security definer set search_path = public, pg_temp as $$
  update api_keys set last_used_at = p_now, last_used_ip = p_ip
  where api_key_id = p_api_key_id and (last_used_at is null or last_used_at < p_now - interval '1 minute')
$$;
--> statement-breakpoint
create function portcullis_touch_session(p_session_id text, p_now timestamptz) returns void
  language sql volatile security definer set search_path = public, pg_temp as $$
  update sessions set last_seen_at = p_now
  where session_id = p_session_id and last_seen_at < p_now - interval '1 minute'
$$;
--> statement-breakpoint
-- One try in a sliding window, counted for all processes at once. 0: taken; else in how many seconds the next one is.
create function portcullis_take(p_key text, p_limit integer, p_window_seconds integer, p_now timestamptz) returns integer
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_window interval := make_interval(secs => p_window_seconds);
  v_times timestamptz[];
begin
  insert into limits (key, times, expires_at) values (p_key, '{}', p_now + v_window) on conflict (key) do nothing;
  select l.times into v_times from limits l where l.key = p_key for update;
  select coalesce(array_agg(t order by t), '{}') into v_times from unnest(v_times) t where t > p_now - v_window;
  if cardinality(v_times) >= p_limit then
    return greatest(1, ceil(extract(epoch from v_times[cardinality(v_times) - p_limit + 1] + v_window - p_now)))::integer;
  end if;
  update limits set times = v_times || p_now, expires_at = p_now + v_window where key = p_key;
  return 0;
end $$;
--> statement-breakpoint
-- One request of a key, counted for all processes at once, in a window of a minute that slides: what the minute before
-- had counts as if it had been spread evenly. 0: taken; else in how many seconds the next one is.
create function portcullis_take_request(p_api_key_id text, p_limit integer, p_now timestamptz) returns integer
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_counts key_requests%rowtype;
  v_passed double precision;
begin
  insert into key_requests (api_key_id, minute, requests, requests_before) values (p_api_key_id, date_trunc('minute', p_now), 0, 0)
    on conflict (api_key_id) do nothing;
  select * into v_counts from key_requests c where c.api_key_id = p_api_key_id for update;
  -- Clocks of processes differ: one that is behind counts in the minute that has begun.
  if v_counts.minute < date_trunc('minute', p_now) then
    v_counts.requests_before := case when v_counts.minute = date_trunc('minute', p_now) - interval '1 minute'
      then v_counts.requests else 0 end;
    v_counts.requests := 0;
    v_counts.minute := date_trunc('minute', p_now);
  end if;
  v_passed := greatest(0, extract(epoch from p_now - v_counts.minute));
  if v_counts.requests + 1 > p_limit then
    -- Not before the next minute, and then not before enough of this one has slid out.
    return ceil(greatest(1, 60 - v_passed + 60 * (1 - (p_limit - 1)::double precision / v_counts.requests)));
  elsif v_counts.requests + 1 + v_counts.requests_before * (1 - v_passed / 60) > p_limit then
    return ceil(greatest(1, 60 * (1 - (p_limit - 1 - v_counts.requests)::double precision / v_counts.requests_before) - v_passed));
  end if;
  update key_requests c set minute = v_counts.minute, requests = v_counts.requests + 1, requests_before = v_counts.requests_before
    where c.api_key_id = p_api_key_id;
  return 0;
end $$;
--> statement-breakpoint
-- Takes back one try of that moment: it went well, and only failures are limited.
create function portcullis_forgive(p_key text, p_moment timestamptz) returns void
  language sql volatile security definer set search_path = public, pg_temp as $$
  update limits l set times = l.times[:array_position(l.times, p_moment) - 1] || l.times[array_position(l.times, p_moment) + 1:]
  where l.key = p_key and array_position(l.times, p_moment) is not null
$$;
--> statement-breakpoint
-- Somebody is no longer a member of the transaction's organization: their sessions are not about it any more, and end
-- where it was the last one.
create function portcullis_leave(p_user_id text) returns void
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
  if exists (select 1 from members m where m.user_id = p_user_id and m.organization_id = portcullis_organization()) then
    raise exception 'still a member';
  end if;
  delete from sessions where user_id = p_user_id and bound_to = portcullis_organization();
  update sessions set organization_id = null where user_id = p_user_id and organization_id = portcullis_organization();
  if not exists (select 1 from members m where m.user_id = p_user_id) then
    delete from sessions where user_id = p_user_id;
  end if;
end $$;
--> statement-breakpoint
-- An own role of the transaction's organization is about to go: what nobody can use any more lets go of it. Dead
-- invitations are removed, and dead keys keep its words.
create function portcullis_let_go_of_role(p_role_id text, p_now timestamptz) returns void
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
  delete from invitations i where i.role_id = p_role_id and i.organization_id = portcullis_organization()
    and (i.accepted_at is not null or i.revoked_at is not null or i.expires_at <= p_now);
  update api_keys k set role_id = null, scopes = (select r.permissions from roles r where r.role_id = p_role_id)
    where k.role_id = p_role_id and k.organization_id = portcullis_organization()
      and (k.revoked_at is not null or k.expires_at <= p_now);
end $$;
--> statement-breakpoint
-- Whoever changes roles at a sign-in holds the organization, as everybody does who changes roles.
create function portcullis_hold_organization(p_organization_id text) returns void
  language sql volatile security definer set search_path = public, pg_temp as $$
  select 1 from organizations o where o.organization_id = p_organization_id for no key update
$$;
--> statement-breakpoint
revoke execute on function portcullis_hold_organization from public;
--> statement-breakpoint
grant execute on function portcullis_hold_organization to portcullis_identity;
--> statement-breakpoint
revoke execute on function portcullis_let_go_of_role from public;
--> statement-breakpoint
grant execute on function portcullis_let_go_of_role to portcullis_tenant;
--> statement-breakpoint
revoke execute on function portcullis_key_ends_once, portcullis_grant, portcullis_standing, portcullis_holder, portcullis_principal, portcullis_authorize,
  portcullis_take_request, portcullis_touch_key, portcullis_touch_session, portcullis_take, portcullis_forgive, portcullis_leave from public;
--> statement-breakpoint
grant execute on function portcullis_organization to portcullis_identity, portcullis_retention;
--> statement-breakpoint
grant execute on function portcullis_authorize, portcullis_touch_key, portcullis_touch_session, portcullis_take,
  portcullis_take_request, portcullis_forgive to portcullis_gate;
--> statement-breakpoint
grant execute on function portcullis_authorize, portcullis_leave to portcullis_tenant;
--> statement-breakpoint
grant execute on function portcullis_authorize to portcullis_host, portcullis_identity;
--> statement-breakpoint
-- The installation's own log, of what belongs to no organization: the founding organization reads it.
create function portcullis_installation_log() returns text
  language sql stable security definer set search_path = public, pg_temp as $$
  select i.installation_id from installation i
  where exists (select 1 from organizations o where o.organization_id = portcullis_organization() and o.founding)
$$;
--> statement-breakpoint
create policy installation on audit_entries for select to portcullis_tenant
  using (organization_id = (select portcullis_installation_log()));
--> statement-breakpoint
create policy installation on audit_checkpoints for select to portcullis_tenant
  using (organization_id = (select portcullis_installation_log()));
--> statement-breakpoint
create policy host on audit_checkpoints for select to portcullis_host using (true);
--> statement-breakpoint
grant select on audit_checkpoints to portcullis_host;
--> statement-breakpoint
-- Of the statements of one removal, which goes in parts, the last one is kept.
create policy removals on audit_checkpoints as restrictive for delete to portcullis_retention using (kind = 'removal');
--> statement-breakpoint
grant delete on audit_checkpoints to portcullis_retention;
--> statement-breakpoint
-- What the sync writes down: what it did itself, and the refused tries of a minute that were counted.
drop policy sync_audits on audit_entries;
--> statement-breakpoint
create policy sync_audits on audit_entries for insert to portcullis_sync
  with check (sequence is null and hash is null and (actor_kind = 'system' or outcome = 'refused'));
--> statement-breakpoint
-- Refused tries, all of one kind and one organization: the first few of a minute get entries of their own, the rest is
-- counted. An actor who tries more kinds than p_most in a minute has the rest counted together.
-- p_entries: the first of them, as rows of audit_entries with camel-case names. p_tries: how many there were in all.
create function portcullis_refuse(p_entries jsonb, p_tries integer, p_actor text, p_key text, p_overflow text,
    p_overflow_action text, p_most integer, p_now timestamptz) returns void
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_first jsonb := p_entries -> 0;
  v_organization text := v_first ->> 'organizationId';
  v_minute timestamptz := date_trunc('minute', p_now);
  v_key text := p_key;
  v_total integer;
begin
  if not exists (select 1 from refusal_counts c
      where c.organization_id = v_organization and c.minute = v_minute and c.key = p_key)
    and p_most <= (select count(*) from refusal_counts c
      where c.organization_id = v_organization and c.minute = v_minute and starts_with(c.key, p_actor)) then
    v_key := p_overflow;
    v_first := v_first || jsonb_build_object('action', p_overflow_action, 'onTheirOwn', 0, 'ip', null, 'apiKeyId', null,
      'sessionId', null, 'objectKind', null, 'objectId', null, 'objectName', null, 'changed', null);
  end if;
  insert into refusal_counts as c (organization_id, minute, key, entry, count)
    values (v_organization, v_minute, v_key, v_first, p_tries)
    on conflict (organization_id, minute, key) do update set count = c.count + excluded.count
    returning c.count into v_total;
  insert into audit_entries (audit_id, organization_id, actor_kind, actor_id, actor_name, session_id, authenticated_by,
      api_key_id, request_id, ip, action, outcome, reason, object_kind, object_id, object_name, changed, created_at)
    select e ->> 'auditId', v_organization, e ->> 'actorKind', e ->> 'actorId', e ->> 'actorName', e ->> 'sessionId',
        e ->> 'authenticatedBy', e ->> 'apiKeyId', e ->> 'requestId', e ->> 'ip', e ->> 'action', 'refused',
        e ->> 'reason', e ->> 'objectKind', e ->> 'objectId', e ->> 'objectName', nullif(e -> 'changed', 'null'::jsonb),
        (e ->> 'createdAt')::timestamptz
      from jsonb_array_elements(p_entries) with ordinality t (e, n)
      where n <= (v_first ->> 'onTheirOwn')::integer - (v_total - p_tries);
end $$;
--> statement-breakpoint
revoke execute on function portcullis_installation_log, portcullis_refuse from public;
--> statement-breakpoint
grant execute on function portcullis_installation_log to portcullis_tenant;
--> statement-breakpoint
grant execute on function portcullis_refuse to portcullis_gate, portcullis_identity;
