create or replace function portcullis_touch_key(p_api_key_id text, p_now timestamptz, p_ip text) returns void
  language sql volatile security definer set search_path = public, pg_temp as $$
  update api_keys set last_used_at = p_now, last_used_ip = p_ip
  where api_key_id = p_api_key_id and (last_used_at is null or last_used_at < p_now - interval '1 minute')
$$;

revoke execute on function portcullis_touch_key from public;
grant execute on function portcullis_touch_key to portcullis_gate;
