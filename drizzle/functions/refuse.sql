-- Records refused attempts, all of one kind and one organization: the first few of a minute get entries of their own, the
-- others are counted. If an actor makes attempts of more than p_most kinds in a minute, the others are counted together.
-- p_entries: the first of them, as rows of audit_entries with camel-case names. p_tries: how many there were in total.
create or replace function portcullis_refuse(p_entries jsonb, p_tries integer, p_actor text, p_key text, p_overflow text,
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

revoke execute on function portcullis_refuse from public;
grant execute on function portcullis_refuse to portcullis_gate, portcullis_identity;
