-- Removes one attempt of that moment: it succeeded, and only failures are limited.
create or replace function portcullis_forgive(p_key text, p_moment timestamptz) returns void
  language sql volatile security definer set search_path = public, pg_temp as $$
  update limits l set times = l.times[:array_position(l.times, p_moment) - 1] || l.times[array_position(l.times, p_moment) + 1:]
  where l.key = p_key and array_position(l.times, p_moment) is not null
$$;

revoke execute on function portcullis_forgive from public;
grant execute on function portcullis_forgive to portcullis_gate;
