-- Records the use of a session, and that its person was seen in this organization.
create or replace function portcullis_touch_session(p_session_id text, p_organization_id text, p_now timestamptz) returns void
  language sql volatile security definer set search_path = public, pg_temp as $$
  update members m set last_seen_at = p_now
    from sessions s
    where s.session_id = p_session_id and s.stage = 'full' and m.user_id = s.user_id
      and m.organization_id = p_organization_id and coalesce(m.last_seen_at < p_now - interval '1 minute', true);
  update sessions set last_seen_at = p_now
    where session_id = p_session_id and last_seen_at < p_now - interval '1 minute'
$$;

revoke execute on function portcullis_touch_session from public;
grant execute on function portcullis_touch_session to portcullis_gate;
