create or replace function portcullis_touch_session(p_session_id text, p_now timestamptz) returns void
  language sql volatile security definer set search_path = public, pg_temp as $$
  update sessions set last_seen_at = p_now
  where session_id = p_session_id and last_seen_at < p_now - interval '1 minute'
$$;

revoke execute on function portcullis_touch_session from public;
grant execute on function portcullis_touch_session to portcullis_gate;
