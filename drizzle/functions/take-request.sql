-- Counts one request of a key, for all processes, in a sliding window of a minute: requests of the minute before count as
-- if they had been spread evenly. Returns 0, or in how many seconds the next request is free.
create or replace function portcullis_take_request(p_api_key_id text, p_limit integer, p_now timestamptz) returns integer
  language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  v_counts key_requests%rowtype;
  v_passed double precision;
begin
  insert into key_requests (api_key_id, minute, requests, requests_before) values (p_api_key_id, date_trunc('minute', p_now), 0, 0)
    on conflict (api_key_id) do nothing;
  select * into v_counts from key_requests c where c.api_key_id = p_api_key_id for update;
  -- Clocks of processes differ: a process whose clock is behind counts in the minute that has begun.
  if v_counts.minute < date_trunc('minute', p_now) then
    v_counts.requests_before := case when v_counts.minute = date_trunc('minute', p_now) - interval '1 minute'
      then v_counts.requests else 0 end;
    v_counts.requests := 0;
    v_counts.minute := date_trunc('minute', p_now);
  end if;
  v_passed := greatest(0, extract(epoch from p_now - v_counts.minute));
  if v_counts.requests + 1 > p_limit then
    -- Not before the next minute, and then not before enough of this one has left the window.
    return ceil(greatest(1, 60 - v_passed + 60 * (1 - (p_limit - 1)::double precision / v_counts.requests)));
  elsif v_counts.requests + 1 + v_counts.requests_before * (1 - v_passed / 60) > p_limit then
    return ceil(greatest(1, 60 * (1 - (p_limit - 1 - v_counts.requests)::double precision / v_counts.requests_before) - v_passed));
  end if;
  update key_requests c set minute = v_counts.minute, requests = v_counts.requests + 1, requests_before = v_counts.requests_before
    where c.api_key_id = p_api_key_id;
  return 0;
end $$;

revoke execute on function portcullis_take_request from public;
grant execute on function portcullis_take_request to portcullis_gate;
