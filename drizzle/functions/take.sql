-- Counts one attempt in a sliding window, for all processes. Returns 0, or in how many seconds the next attempt is free.
create or replace function portcullis_take(p_key text, p_limit integer, p_window_seconds integer, p_now timestamptz) returns integer
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

revoke execute on function portcullis_take from public;
grant execute on function portcullis_take to portcullis_gate, portcullis_identity;
