-- Who is asking: a key or a session by the hash of its secret, or the host's command line. No row: not authenticated.
-- p_organization_id: the id or the slug of the requested organization, or null; of the command line, the id.
-- organization_id: which organization the request is about. theirs: whether that is the requested one.
create or replace function portcullis_principal(p_presented text, p_hash text, p_organization_id text)
  returns table (principal jsonb, organization_id text, theirs boolean)
  language plpgsql stable set search_path = public, pg_temp as $$
declare
  v_key api_keys%rowtype;
  v_session sessions%rowtype;
  v_wanted text := p_organization_id;
begin
  -- A slug has no underscore, and every id has one.
  if p_presented <> 'commandLine' and strpos(v_wanted, '_') = 0 then
    v_wanted := coalesce((select o.organization_id from organizations o where o.slug = v_wanted), v_wanted);
  end if;
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
    theirs := v_wanted is null or v_wanted = v_key.organization_id;
    return next;
  elsif p_presented = 'session' then
    select * into v_session from sessions s where s.hash = p_hash;
    if not found then return; end if;
    -- A session that an organization's own provider opened is valid in that organization only.
    select m.organization_id into organization_id from members m where m.user_id = v_session.user_id
        and (v_session.bound_to is null or m.organization_id = v_session.bound_to)
      order by m.organization_id = v_wanted desc nulls last, m.organization_id = v_session.organization_id desc nulls last,
        m.created_at, m.organization_id
      limit 1;
    theirs := v_wanted is null or v_wanted is not distinct from organization_id;
    -- The person is not a member of the requested organization: the audit log of their own one records the request.
    if not theirs then
      select m.organization_id into organization_id from members m where m.user_id = v_session.user_id
          and (v_session.bound_to is null or m.organization_id = v_session.bound_to)
        order by m.organization_id = v_session.organization_id desc nulls last, m.created_at, m.organization_id limit 1;
    end if;
    select jsonb_build_object('kind', 'session', 'sessionId', v_session.session_id, 'userId', u.user_id, 'email', u.email,
      'name', u.name, 'locale', u.locale, 'version', u.version, 'stage', v_session.stage, 'methods', to_jsonb(v_session.methods), 'local', v_session.local, 'boundTo', v_session.bound_to,
      'expiresAt', v_session.expires_at, 'lastSeenAt', v_session.last_seen_at, 'idleSeconds', v_session.idle_seconds,
      'mustChangePassword', coalesce((select p.must_change from passwords p where p.user_id = u.user_id), false),
      'hasSecondFactor', exists (select 1 from totp_secrets t where t.user_id = u.user_id and t.confirmed_at is not null)
        or exists (select 1 from passkeys k where k.user_id = u.user_id))
      into principal from users u where u.user_id = v_session.user_id;
    if organization_id is null then select i.installation_id into organization_id from installation i; end if;
    return next;
  end if;
end $$;

revoke execute on function portcullis_principal from public;
